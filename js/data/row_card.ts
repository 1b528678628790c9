import { add, addButton, write } from "../widget/dom";
import { short } from "../widget/format";
import { addCellList, addCells } from "./hole_card";
import type { OddCell, OddRow } from "./protocol";

export type Decision = { name: "keep" | "drop"; given: object } | { name: "fix"; given: { column: string; value: string } };

/** A row: why it is odd, and what to do about it. */
export class RowCard {
  private element: HTMLElement;
  private title: HTMLElement;
  private scores: HTMLElement;
  private odd: HTMLElement;
  private reason: HTMLInputElement;
  private column: HTMLSelectElement;
  private value: HTMLInputElement;
  private suggestions: HTMLElement;
  private cells: HTMLElement;
  private row: OddRow | undefined;

  constructor(parent: HTMLElement, decide: (decision: Decision, reason: string) => void) {
    this.element = add(parent, "section", "row-card");
    this.element.hidden = true;
    this.title = add(this.element, "h3");
    this.scores = add(this.element, "p", "muted scores");
    this.odd = add(this.element, "table", "odd");
    const reason = add(this.element, "label", "wide-field");
    add(reason, "span", "muted", "Reason");
    this.reason = add(reason, "input");
    this.reason.dataset.key = "reason";
    const decideAs = (decision: Decision) => decide(decision, this.reason.value);
    const buttons = add(this.element, "div", "decisions");
    addButton(buttons, "", "Keep", () => decideAs({ name: "keep", given: {} })).dataset.key = "keep";
    addButton(buttons, "danger", "Drop", () => decideAs({ name: "drop", given: {} })).dataset.key = "drop";
    const fix = add(buttons, "span", "fix");
    this.column = add(fix, "select");
    this.column.setAttribute("aria-label", "Column to set");
    this.column.addEventListener("change", () => this.suggest(""));
    this.value = add(fix, "input");
    this.value.setAttribute("aria-label", "New value");
    const set = () => decideAs({ name: "fix", given: { column: this.column.value, value: this.value.value } });
    this.value.addEventListener("keydown", ({ key }) => key === "Enter" && set());
    addButton(fix, "", "Fix", set).dataset.key = "fix";
    this.suggestions = add(this.element, "div", "suggestions");
    const all = add(this.element, "details");
    add(all, "summary", "", "All values of the row");
    this.cells = addCellList(all, "All values of the row");
  }

  hide(): void {
    this.element.hidden = true;
    this.row = undefined;
  }

  show(row: OddRow, count: number, decided: string | undefined): void {
    this.row = row;
    this.element.hidden = false;
    write(this.title, `Row ${row.label}: outlier rank ${row.rank} of ${count}${decided ? `, ${decided}` : ""}`);
    write(this.scores, `Scores: ${row.detectors.map(([kind, score]) => `${kind} ${score}`).join(", ")}; spread ${row.spread.toFixed(2)}.`);
    this.showOdd(row.odd);
    this.reason.value = row.reason;
    this.column.replaceChildren();
    for (const [name] of row.cells) add(this.column, "option", "", name).value = name;
    this.cells.replaceChildren();
    addCells(this.cells, row.cells);
    this.column.value = row.odd[0].column;
    this.suggest(row.odd[0].suggestions[0][0]);
  }

  private showOdd(odd: OddCell[]): void {
    this.odd.replaceChildren();
    const head = add(add(this.odd, "thead"), "tr");
    for (const name of ["column", "value", "median", "× usual distance"])
      add(head, "th", name === "column" ? "" : "right-text", name).scope = "col";
    const body = add(this.odd, "tbody");
    for (const { column, value, median, distance } of odd) {
      const line = add(body, "tr");
      add(line, "th", "", column).scope = "row";
      for (const text of [value, median, short(distance)]) add(line, "td", "num", text);
    }
  }

  /** What could be put into the chosen column; `value` is in the field for a start. */
  private suggest(value: string): void {
    this.value.value = value;
    this.suggestions.replaceChildren();
    const cell = this.row?.odd.find(({ column }) => column === this.column.value);
    for (const [found, origin] of cell?.suggestions ?? []) {
      const button = addButton(this.suggestions, "quiet", `${found} ${origin}`, () => (this.value.value = found));
      button.title = `Put ${found} into the field`;
      button.dataset.key = `suggestion ${origin}`;
    }
  }
}
