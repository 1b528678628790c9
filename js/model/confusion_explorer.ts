import type { Frame, View } from "../data/frame";
import { add, addButton, setAttribute } from "../widget/dom";
import { percent, whole } from "../widget/format";
import "./confusion_explorer.css";
import { CellCard } from "./cell_card";
import type { CellItems, ConfusionShown } from "./protocol";

/** A matrix of counts, the most frequent errors, and the samples of the cell that is open. */
export function confusionExplorer(frame: Frame): View<ConfusionShown> {
  return new ConfusionExplorer(frame);
}

class ConfusionExplorer implements View<ConfusionShown> {
  private shown!: ConfusionShown;
  private table: HTMLTableElement;
  private pairs: HTMLElement;
  private card: CellCard;
  /** The cell that the keyboard is at. */
  private at: [number, number] = [0, 0];

  constructor(private frame: Frame) {
    const columns = add(frame.body, "div", "confusion");
    const scroll = add(columns, "div", "matrix");
    this.table = add(scroll, "table");
    this.table.setAttribute("role", "grid");
    this.table.setAttribute(
      "aria-label",
      "Rows are true classes, columns predicted ones. Arrow keys walk the cells, Enter shows the samples",
    );
    this.table.addEventListener("keydown", (event) => this.press(event));
    const right = add(columns, "section", "pairs");
    add(right, "h3", "", "Confused most");
    this.pairs = add(right, "ol");
    this.card = new CellCard(frame.body, (row, column, at, surest) => this.open(row, column, at, surest));
  }

  show(shown: ConfusionShown): void {
    this.shown = shown;
    this.showMatrix();
    this.pairs.replaceChildren();
    for (const { row, column, count, rate, low, high } of shown.pairs) {
      const name = `${shown.classes[row]} as ${shown.classes[column]}`;
      const button = addButton(add(this.pairs, "li"), "quiet", "", () => this.open(row, column));
      add(button, "span", "pair-name", name);
      add(button, "span", "num", `${whole(count)}×`);
      add(button, "span", "muted", `${percent(rate)} of ${shown.classes[row]}`);
      button.title = `${percent(low)} to ${percent(high)} with 95 % confidence`;
      button.dataset.key = `pair ${row} ${column}`;
    }
    if (!shown.pairs.length) add(this.pairs, "li", "muted", "No error at all.");
    this.card.hide();
  }

  redraw(): void {}

  private showMatrix(): void {
    const { classes, counts } = this.shown;
    const worst = Math.max(...counts.flatMap((row, i) => row.map((count, j) => (i === j ? 0 : count / sum(row) || 0))));
    this.table.replaceChildren();
    const head = add(add(this.table, "thead"), "tr");
    add(head, "td", "corner muted", "true ↓ predicted →");
    for (const name of classes) add(head, "th", "", name).scope = "col";
    const body = add(this.table, "tbody");
    counts.forEach((row, i) => {
      const line = add(body, "tr");
      add(line, "th", "", classes[i]).scope = "row";
      row.forEach((count, j) => this.addCell(line, i, j, count, count / sum(row) || 0, worst));
    });
  }

  private addCell(line: HTMLElement, i: number, j: number, count: number, rate: number, worst: number): void {
    const { classes } = this.shown;
    const cell = add(line, "td", i === j ? "right" : "wrong", count ? whole(count) : "");
    cell.setAttribute("role", "gridcell");
    cell.tabIndex = i === this.at[0] && j === this.at[1] ? 0 : -1;
    cell.dataset.key = `cell ${i} ${j}`;
    const share = i === j ? rate : rate / (worst || 1);
    // no darker, as the text on it has to be read in both themes
    cell.style.setProperty("--share", `${Math.round((count ? 8 : 0) + 32 * share)}%`);
    setAttribute(cell, "aria-label", `${classes[i]} predicted as ${classes[j]}: ${whole(count)}, ${percent(rate)}`);
    cell.title = `${classes[i]} predicted as ${classes[j]}: ${percent(rate)}`;
    cell.addEventListener("click", () => {
      this.move(i, j);
      this.open(i, j);
    });
  }

  private press(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const [i, j] = this.at;
    const last = this.shown.classes.length - 1;
    const to = { ArrowRight: [i, j + 1], ArrowLeft: [i, j - 1], ArrowDown: [i + 1, j], ArrowUp: [i - 1, j], Home: [i, 0], End: [i, last] }[
      event.key
    ];
    if (event.key === "Enter" || event.key === " ") this.open(i, j);
    else if (to) this.move(Math.min(last, Math.max(0, to[0])), Math.min(last, Math.max(0, to[1])));
    else return;
    event.preventDefault();
  }

  private move(i: number, j: number): void {
    const before = this.cell(...this.at);
    if (before) before.tabIndex = -1;
    this.at = [i, j];
    const cell = this.cell(i, j);
    if (!cell) return;
    cell.tabIndex = 0;
    cell.focus();
  }

  private cell(i: number, j: number): HTMLElement | null {
    return this.table.querySelector<HTMLElement>(`[data-key="cell ${i} ${j}"]`);
  }

  private open(row: number, column: number, at = 0, surest = this.card.isSurestFirst): void {
    for (const cell of this.table.querySelectorAll(".open")) cell.classList.remove("open");
    this.cell(row, column)?.classList.add("open");
    this.frame.kernel
      .ask<CellItems>("cell", { row, column, at, surest_first: surest })
      .then((found) => {
        this.card.show(found, this.shown.classes);
        if (!found.count) this.frame.say("No sample is in this cell.");
        else this.frame.say(`${whole(found.count)} sample${found.count === 1 ? "" : "s"}: ${this.card.name}.`);
      })
      .catch((error: Error) => this.frame.say(error.message, true));
  }
}

const sum = (row: number[]): number => row.reduce((total, count) => total + count, 0);
