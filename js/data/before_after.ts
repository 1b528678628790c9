import { valueAxis } from "../widget/axes";
import { add, addButton, write } from "../widget/dom";
import { whole } from "../widget/format";
import { ChangesTable } from "./changes_table";
import type { Frame, View } from "./frame";
import type { BeforeAfterShown, ChangedColumn } from "./protocol";
import { addAxis, drawing, svg } from "./svg";

const WIDTH = 220;
const HEIGHT = 84;
const FOOT = 16; // px below the bars
const LINE = 16; // px of a value's line

/** The columns that a step has changed: grey before it, a blue line after it. */
export function beforeAfter(frame: Frame): View<BeforeAfterShown> {
  return new BeforeAfter(frame);
}

class BeforeAfter implements View<BeforeAfterShown> {
  private shown!: BeforeAfterShown;
  private tools: HTMLElement;
  private select: HTMLSelectElement;
  private about: HTMLElement;
  private columns: HTMLElement;
  private changes: ChangesTable;

  constructor(private frame: Frame) {
    this.tools = add(frame.body, "div", "tools");
    const label = add(this.tools, "label", "field");
    add(label, "span", "muted", "Step");
    this.select = add(label, "select");
    this.select.dataset.key = "step";
    this.select.addEventListener("change", () => this.choose(Number(this.select.value)));
    for (const [text, name, by] of [
      ["‹", "previous step", -1],
      ["›", "next step", 1],
    ] as const) {
      const button = addButton(this.tools, "quiet", text, () => this.choose(this.shown.step + by));
      button.setAttribute("aria-label", name);
      button.dataset.key = name;
    }
    const legend = add(this.tools, "span", "muted sides right");
    add(legend, "span", "key-before", "before");
    add(legend, "span", "key-after", "after");
    this.about = add(frame.body, "p", "muted ends");
    this.columns = add(frame.body, "div", "columns");
    this.changes = new ChangesTable(frame.body, frame);
  }

  show(shown: BeforeAfterShown): void {
    this.shown = shown;
    const step = shown.steps[shown.step];
    this.tools.hidden = !step;
    this.select.replaceChildren();
    for (const { number, name } of shown.steps) add(this.select, "option", "", `${number} ${name}`).value = String(number);
    this.select.value = String(shown.step);
    write(this.about, step ? aboutText(shown) : "A step that is applied to this cleaning can be seen here.");
    this.columns.replaceChildren();
    for (const column of shown.columns) addColumn(this.columns, column);
    if (shown.more_columns) add(this.columns, "p", "muted", `and ${shown.more_columns} more columns`);
    this.changes.show({});
  }

  redraw(): void {}

  private choose(step: number): void {
    if (step >= 0 && step < this.shown.steps.length) this.frame.request("choose", { step }, "");
  }
}

function aboutText({ steps, step, sizes: [before, after] }: BeforeAfterShown): string {
  const { changed, reason } = steps[step];
  return `${changed}${reason ? `: ${reason}` : ""}. ${before === after ? before : `${before} → ${after}`}.`;
}

function addColumn(parent: HTMLElement, column: ChangedColumn): void {
  const figure = add(parent, "figure", "column");
  const caption = add(figure, "figcaption");
  add(caption, "b", "", column.name).title = column.name;
  add(caption, "span", "muted", `${whole(column.changed)} changed`);
  const label = `${column.name} before: ${column.told[0]}; after: ${column.told[1]}`;
  if (column.kind === "numbers") drawBins(figure, column, label);
  else drawValues(figure, column, label);
  add(figure, "p", "muted told", `${column.told[0]} → ${column.told[1]}`);
}

function drawBins(figure: HTMLElement, { before, after, bins }: ChangedColumn, label: string): void {
  const image = drawing(figure, WIDTH, HEIGHT, label);
  const axis = valueAxis(bins[0], bins[bins.length - 1], false);
  const x = (value: number) => 8 + ((value - axis.min) / (axis.max - axis.min)) * (WIDTH - 16);
  const floor = HEIGHT - FOOT;
  const y = (count: number) => floor - (count / Math.max(1, ...before, ...after)) * (floor - 4);
  before.forEach((count, i) => {
    svg(image, "rect", {
      class: "known",
      x: x(bins[i]),
      y: y(count),
      width: Math.max(0, x(bins[i + 1]) - x(bins[i]) - 0.5),
      height: floor - y(count),
    });
  });
  const steps = after.map((count, i) => `V${y(count)}H${x(bins[i + 1])}`).join("");
  if (after.length) svg(image, "path", { class: "outline", d: `M${x(bins[0])} ${floor}${steps}V${floor}` });
  addAxis(image, axis, x, floor);
}

/** A line for each value, with two bars. */
function drawValues(figure: HTMLElement, { before, after, values }: ChangedColumn, label: string): void {
  const image = drawing(figure, WIDTH, Math.max(1, values.length) * LINE, label);
  const most = Math.max(1, ...before, ...after);
  values.forEach((value, i) => {
    const top = i * LINE;
    const bar = (count: number) => (count / most) * (WIDTH / 2 - 8);
    svg(image, "text", { x: 0, y: top + 11 }, value ? truncated(value) : "missing");
    if (before.length) svg(image, "rect", { class: "known", x: WIDTH / 2, y: top + 1, width: bar(before[i]), height: 6 });
    if (after.length) svg(image, "rect", { class: "now", x: WIDTH / 2, y: top + 8, width: bar(after[i]), height: 5 });
  });
}

const truncated = (text: string): string => (text.length > 15 ? `${text.slice(0, 14)}…` : text);
