import { addCellList, addCells } from "../data/hole_card";
import { add, addButton, write } from "../widget/dom";
import { percent, whole } from "../widget/format";
import type { CellItems, Item } from "./protocol";

/** The samples of a cell, a page of them at a time. */
export class CellCard {
  name = "";
  private element: HTMLElement;
  private title: HTMLElement;
  private order: HTMLSelectElement;
  private place: HTMLElement;
  private before: HTMLButtonElement;
  private next: HTMLButtonElement;
  private list: HTMLElement;
  private found: CellItems | undefined;

  constructor(
    parent: HTMLElement,
    private ask: (row: number, column: number, at: number, surest: boolean) => void,
  ) {
    this.element = add(parent, "section", "cell-card");
    this.element.hidden = true;
    const tools = add(this.element, "div", "tools");
    this.title = add(tools, "h3");
    const order = add(tools, "label", "field");
    add(order, "span", "muted", "Order");
    this.order = add(order, "select");
    this.order.dataset.key = "order";
    for (const name of ["surest first", "least sure first"]) add(this.order, "option", "", name).value = name;
    this.order.addEventListener("change", () => this.go(0));
    const pages = add(tools, "span", "group");
    this.before = addButton(pages, "quiet", "Previous", () => this.turn(-1));
    this.place = add(pages, "span", "muted");
    this.next = addButton(pages, "quiet", "Next", () => this.turn(1));
    this.before.dataset.key = "previous";
    this.next.dataset.key = "next";
    this.list = add(this.element, "ol", "items");
  }

  get isSurestFirst(): boolean {
    return this.order.value === "surest first";
  }

  hide(): void {
    this.element.hidden = true;
  }

  show(found: CellItems, classes: string[]): void {
    const { row, column, at, count, items } = found;
    this.found = found;
    this.name = row === column ? `${classes[row]}, predicted as such` : `${classes[row]}, predicted as ${classes[column]}`;
    this.element.hidden = !count;
    write(this.title, this.name);
    write(this.place, `${whole(at + 1)} to ${whole(at + items.length)} of ${whole(count)}`);
    this.before.disabled = at === 0;
    this.next.disabled = at + items.length >= count;
    this.before.hidden = this.next.hidden = items.length === count;
    this.list.replaceChildren();
    for (const item of items) this.addItem(item);
  }

  private addItem({ number, confidence, picture, text, cells }: Item): void {
    const line = add(this.list, "li", picture ? "with-picture" : "");
    if (picture) {
      const image = add(line, "img");
      image.src = picture;
      image.alt = `Sample ${number}`;
    }
    add(line, "span", "muted", `${number}: ${percent(confidence)}`).title = `Sample ${number}; the model was ${percent(confidence)} sure`;
    if (text) add(line, "p", "item-text", text);
    if (cells.length) addCells(addCellList(line, `Values of sample ${number}`), cells);
  }

  private turn(pages: number): void {
    const { at, items } = this.found!;
    this.go(pages > 0 ? at + items.length : Math.max(0, at - PAGE));
  }

  private go(at: number): void {
    const { row, column } = this.found!;
    this.ask(row, column, at, this.isSurestFirst);
  }
}

const PAGE = 24; // samples, as in Python
