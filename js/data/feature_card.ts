import type { Axis } from "../widget/axes";
import { add, write } from "../widget/dom";
import { drawBins, drawValues } from "./bars";
import type { ColumnDiff, ColumnRow, DiffShown, Distribution } from "./protocol";

const WHAT = {
  added: "was added",
  removed: "was removed",
  type: "has another type",
  values: "has other values",
  same: "is the same in both versions",
};
const MOST = 8; // values that are drawn
const DAY_MS = 86_400_000;
const SIZE = { width: 340, height: 130 }; // px

/** A column of two versions: both distributions, figures, and the steps. */
export class FeatureCard {
  private element: HTMLElement;
  private title: HTMLElement;
  private drawings: HTMLElement;
  private figures: HTMLElement;
  private steps: HTMLElement;

  constructor(parent: HTMLElement) {
    this.element = add(parent, "section", "feature-card");
    this.element.hidden = true;
    this.title = add(this.element, "h3");
    this.title.setAttribute("aria-live", "polite");
    const sides = add(this.element, "div", "feature-sides");
    this.drawings = add(sides, "div", "feature-drawings");
    this.figures = add(sides, "table", "feature-figures");
    add(this.element, "h4", "", "How it is made");
    this.steps = add(this.element, "ol", "feature-steps");
  }

  hide(): void {
    this.element.hidden = true;
  }

  show({ name, what }: ColumnRow, { figures, distributions, steps }: ColumnDiff, { versions, old, new: now }: DiffShown): void {
    this.element.hidden = false;
    const pair = [versions[old], versions[now]];
    write(this.title, `${name} ${WHAT[what]}`);
    this.drawings.replaceChildren();
    for (const one of distributions) addDrawing(this.drawings, one, name, pair);
    if (!distributions.length) add(this.drawings, "p", "muted", "It has no values that can be drawn.");
    this.showFigures(figures, pair);
    this.steps.replaceChildren();
    for (const { where, title, about } of steps) {
      const line = add(this.steps, "li", `step-${where}`);
      add(line, "span", "step-where", { both: "both", old: `only ${pair[0]}`, new: `only ${pair[1]}` }[where]);
      add(line, "b", "", title);
      add(line, "span", "muted", about);
    }
    if (!steps.length) add(this.steps, "li", "muted", "As it was read, in both versions.");
  }

  private showFigures(figures: string[][], pair: string[]): void {
    this.figures.replaceChildren();
    const head = add(add(this.figures, "thead"), "tr");
    add(head, "td");
    for (const name of pair) add(head, "th", "right-text", name).scope = "col";
    const body = add(this.figures, "tbody");
    for (const [name, old, now] of figures) {
      const line = add(body, "tr");
      add(line, "th", "", name).scope = "row";
      add(line, "td", "num", old);
      add(line, "td", old === now ? "num muted" : "num", now);
    }
  }
}

function addDrawing(parent: HTMLElement, one: Distribution, name: string, pair: string[]): void {
  const figure = add(parent, "figure", "column");
  const legend = add(figure, "figcaption", "sides");
  if (one.before.length) add(legend, "span", "key-before", pair[0]);
  if (one.after.length) add(legend, "span", "key-after", pair[1]);
  const label = `The distribution of ${name}: ${[...legend.children].map(({ textContent }) => textContent).join(", ")}`;
  if (one.kind === "values") drawValues(figure, one, label, SIZE);
  else drawBins(figure, one, label, one.kind === "dates" ? { ...SIZE, axis: dateAxis(one.bins) } : SIZE);
  add(figure, "p", "muted told", noteText(one));
}

function noteText({ kind, values }: Distribution): string {
  if (kind !== "values") return "Without the lowest and the highest hundredth.";
  return values.length < MOST ? "" : `The ${MOST} most frequent values.`;
}

/** Only the ends have labels: dates need much room. */
function dateAxis(bins: number[]): Axis {
  const [min, max] = [bins[0], bins[bins.length - 1]];
  return { min, max, ticks: [min, max], labels: [min, max].map((day) => new Date(day * DAY_MS).toISOString().slice(0, 10)) };
}
