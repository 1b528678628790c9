import { add, addButton, write } from "../widget/dom";
import type { Frame } from "./frame";
import type { Change, Changes } from "./protocol";

const TYPING_MS = 250;

/** The cells that a step has changed, page by page, with a field that searches them. */
export class ChangesTable {
  private words: HTMLInputElement;
  private told: HTMLElement;
  private scroll: HTMLElement;
  private body: HTMLElement;
  private more: HTMLButtonElement;
  private given: object = {};
  private count = 0;
  private asked = 0;
  private timer = 0;

  constructor(
    parent: HTMLElement,
    private frame: Frame,
  ) {
    const tools = add(parent, "div", "tools");
    const label = add(tools, "label", "field");
    add(label, "span", "muted", "Search");
    this.words = add(label, "input", "search");
    this.words.type = "search";
    this.words.placeholder = "row, column or value";
    this.words.dataset.key = "search";
    this.words.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = window.setTimeout(() => this.load(0), TYPING_MS);
    });
    this.told = add(tools, "span", "muted");
    this.told.setAttribute("role", "status");
    this.scroll = add(parent, "div", "changes");
    this.scroll.tabIndex = 0; // it scrolls
    this.scroll.setAttribute("role", "group");
    this.scroll.setAttribute("aria-label", "Changes");
    const table = add(this.scroll, "table");
    const head = add(add(table, "thead"), "tr");
    for (const name of ["step", "what", "row", "column", "old", "new"]) add(head, "th", "", name).scope = "col";
    this.body = add(table, "tbody");
    this.more = addButton(this.scroll, "quiet", "More", () => this.load(this.count));
    this.more.dataset.key = "more changes";
  }

  /** Shows changes from the first one on; `given` says of which step. */
  show(given: object): void {
    this.given = given;
    this.load(0);
  }

  private load(first: number): void {
    const mine = ++this.asked;
    this.frame.kernel
      .ask<Changes>("changes", { ...this.given, words: this.words.value, first })
      .then((page) => {
        if (mine === this.asked) this.fill(page); // else another page was asked for meanwhile
      })
      .catch((error: Error) => this.frame.say(error.message, true));
  }

  private fill({ rows, first, more }: Changes): void {
    if (first === 0) this.body.replaceChildren();
    this.count = first + rows.length;
    for (const change of rows) this.addRow(change);
    this.more.hidden = !more;
    write(this.told, countText(this.count, more));
    this.scroll.hidden = !this.count;
  }

  private addRow({ step, what, row, column, old, new: now }: Change): void {
    const line = add(this.body, "tr");
    for (const text of [String(step), what, row, column]) add(line, "td", "", text);
    for (const text of [old, now]) add(line, "td", text ? "" : "muted", text || (what === "cell" ? "missing" : ""));
  }
}

function countText(count: number, more: boolean): string {
  if (more) return `the first ${count} changes`;
  return `${count || "no"} change${count === 1 ? "" : "s"}`;
}
