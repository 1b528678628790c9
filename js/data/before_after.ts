import { add, addButton, write } from "../widget/dom";
import { whole } from "../widget/format";
import { drawBins, drawValues } from "./bars";
import { ChangesTable } from "./changes_table";
import type { Frame, View } from "./frame";
import type { BeforeAfterShown, ChangedColumn } from "./protocol";

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
