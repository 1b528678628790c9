import { add } from "./dom";
import { contentOf, type Looks, type MediaView, nameOf, textOf } from "./media_view";
import type { MediaEvent } from "./protocol";

const LETTERS = 20_000;
const ROWS = 200;
const COLUMNS = 100;

/** Text as it is: never HTML. */
export class TextView implements MediaView {
  element = scrollable("pre", "media-text");

  show(item: MediaEvent, { files }: Looks): boolean {
    const content = contentOf(item.file, files);
    if (!content) return false;
    const text = textOf(content);
    const shown =
      text.length > LETTERS
        ? `${text.slice(0, LETTERS)}\n… ${(text.length - LETTERS).toLocaleString("en-US")} letters more in ${item.file}`
        : text;
    if (this.element.textContent !== shown) this.element.textContent = shown;
    this.element.setAttribute("aria-label", nameOf(item));
    return true;
  }
}

interface Table {
  columns: unknown[];
  index: unknown[];
  data: unknown[][];
}

/** The first rows of a table. */
export class TableView implements MediaView {
  element = scrollable("div", "media-table");
  private file = "";

  show(item: MediaEvent, { files }: Looks): boolean {
    const content = contentOf(item.file, files);
    if (!content) return false;
    if (this.file === item.file) return true;
    this.file = item.file!;
    this.element.setAttribute("aria-label", nameOf(item));
    this.element.replaceChildren();
    const { columns, index, data } = JSON.parse(textOf(content)) as Table;
    const table = add(this.element, "table");
    const head = add(add(table, "thead"), "tr");
    add(head, "td");
    for (const name of columns.slice(0, COLUMNS)) add(head, "th", "", String(name)).setAttribute("scope", "col");
    const body = add(table, "tbody");
    data.slice(0, ROWS).forEach((cells, i) => {
      const row = add(body, "tr");
      add(row, "th", "", String(index[i])).setAttribute("scope", "row");
      for (const cell of cells.slice(0, COLUMNS)) add(row, "td", typeof cell === "number" ? "num" : "", wordsOf(cell));
    });
    if (data.length > ROWS) add(this.element, "p", "muted", `and ${data.length - ROWS} rows more`);
    return true;
  }
}

const wordsOf = (cell: unknown): string =>
  cell === null ? "–" : typeof cell === "number" && !Number.isInteger(cell) ? String(Number(cell.toPrecision(5))) : String(cell);

/** It scrolls, so it can be reached by keyboard. */
function scrollable<K extends keyof HTMLElementTagNameMap>(tag: K, className: string): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.className = className;
  element.tabIndex = 0;
  element.setAttribute("role", "group");
  return element;
}
