import { add, addButton, setAttribute, write } from "./dom";
import { type Cell, compareCells, matcher } from "./table_query";

/** How a reader has sorted and filtered a table. */
export interface View {
  filter: string;
  /** A column by its name, and which way. */
  sorted?: { column: string; descending: boolean };
}

interface Row {
  element: HTMLTableRowElement;
  cells: Map<string, Cell>;
}

/** Gives a table that stands in the page buttons in its headings, which sort it, and a field that filters it. */
export class SortableTable {
  private rows: Row[];
  private headings: HTMLElement[];
  private said: HTMLElement;

  constructor(
    private table: HTMLTableElement,
    toolbar: HTMLElement,
    private view: View,
    private changed: (rows: HTMLTableRowElement[]) => void,
  ) {
    this.headings = [...table.querySelectorAll<HTMLElement>("th[data-column]")];
    this.rows = [...table.tBodies[0].rows].map((element) => ({ element, cells: cellsOf(element, this.headings) }));
    for (const heading of this.headings) this.addSort(heading);
    const label = add(toolbar, "label", "", "Filter ");
    const field = add(label, "input");
    field.type = "search";
    field.placeholder = "word, or lr<0.01";
    field.title = "Words that a row has in it, and comparisons of columns: lr<0.01 status=finished val_loss<=0.3";
    field.value = view.filter;
    this.said = add(toolbar, "span", "said");
    this.said.setAttribute("role", "status");
    field.addEventListener("input", () => {
      view.filter = field.value;
      this.show();
    });
    this.show();
  }

  private addSort(heading: HTMLElement): void {
    const name = heading.dataset.column!;
    const title = heading.textContent!;
    heading.textContent = "";
    const button = addButton(heading, "", title, () => this.sortBy(heading));
    button.title = `Sort by ${name}`;
    button.dataset.control = `sort ${name}`;
  }

  /** The best first, of a metric; else the lowest; and the other way at the second click. */
  private sortBy({ dataset, ariaSort }: HTMLElement): void {
    const isFirst = !ariaSort || ariaSort === "none";
    this.view.sorted = { column: dataset.column!, descending: isFirst ? dataset.better === "max" : ariaSort === "ascending" };
    this.show();
  }

  private show(): void {
    const { sorted, filter } = this.view;
    const { test, problem } = matcher(
      filter,
      this.headings.map(({ dataset }) => dataset.column!),
    );
    const order = sorted
      ? [...this.rows].sort((a, b) => compareCells(a.cells.get(sorted.column), b.cells.get(sorted.column), sorted.descending))
      : this.rows;
    const found = order.filter(({ cells }) => test(cells));
    for (const { element } of order) {
      element.hidden = true;
      this.table.tBodies[0].append(element);
    }
    for (const { element } of found) element.hidden = false;
    for (const heading of sorted ? this.headings : [])
      setAttribute(
        heading,
        "aria-sort",
        heading.dataset.column !== sorted!.column ? "none" : sorted!.descending ? "descending" : "ascending",
      );
    write(this.said, problem ?? `${filter.trim() ? `${found.length} of ` : ""}${this.rows.length} run${this.rows.length === 1 ? "" : "s"}`);
    this.changed(found.map(({ element }) => element));
  }
}

function cellsOf(row: HTMLTableRowElement, headings: HTMLElement[]): Map<string, Cell> {
  return new Map(
    headings.map(({ dataset }, i) => {
      const { dataset: own, textContent } = row.cells[i];
      const value = own.value === undefined ? undefined : Number(own.value);
      return [dataset.column!, { text: "absent" in own ? undefined : textContent!, value }];
    }),
  );
}
