import { add, addButton, setAttribute, write } from "../widget/dom";
import { FeatureCard } from "./feature_card";
import type { Frame, View } from "./frame";
import type { ColumnDiff, ColumnRow, DiffShown } from "./protocol";

const PAGE = 200; // columns that are listed at first

/** The columns of two versions, those that changed most first; of the chosen one both distributions, and how it was made. */
export function featureDiff(frame: Frame): View<DiffShown> {
  return new FeatureDiff(frame);
}

class FeatureDiff implements View<DiffShown> {
  private shown!: DiffShown;
  /** The place of the column that is shown below. */
  private chosen = 0;
  private most = PAGE;
  private asked = 0;
  private choices: HTMLElement;
  private selects: HTMLSelectElement[];
  private words: HTMLInputElement;
  private told: HTMLElement;
  private list: HTMLElement;
  private body: HTMLElement;
  private more: HTMLButtonElement;
  private card: FeatureCard;

  constructor(private frame: Frame) {
    const tools = add(frame.body, "div", "tools");
    this.choices = add(tools, "span", "tools");
    this.selects = ["From", "to"].map((name) => this.addSelect(name));
    const label = add(tools, "label", "field");
    add(label, "span", "muted", "Search");
    this.words = add(label, "input", "search");
    this.words.type = "search";
    this.words.placeholder = "column, added, type …";
    this.words.dataset.key = "search";
    this.words.addEventListener("input", () => this.search());
    this.told = add(tools, "span", "muted");
    this.told.setAttribute("role", "status");
    this.list = add(frame.body, "div", "changes diff-list");
    const table = add(this.list, "table");
    const head = add(add(table, "thead"), "tr");
    for (const name of HEADINGS) add(head, "th", classOf(name), name === "name" ? "column" : name).scope = "col";
    this.body = add(table, "tbody");
    this.body.addEventListener("keydown", (event) => this.press(event));
    this.more = addButton(this.list, "quiet", "More", () => {
      this.most += PAGE;
      this.drawList();
    });
    this.more.dataset.key = "more columns";
    this.card = new FeatureCard(frame.body);
  }

  show(shown: DiffShown): void {
    const before = this.shown?.columns[this.chosen]?.name;
    this.shown = shown;
    const { versions, made, old, new: now, columns } = shown;
    this.choices.hidden = versions.length < 3;
    this.selects.forEach((select, i) => {
      select.replaceChildren();
      versions.forEach((name, place) => {
        add(select, "option", "", `${name}: ${made[place]}`).value = String(place);
      });
      select.value = String([old, now][i]);
    });
    this.search();
    const again = columns.findIndex(({ name }) => name === before);
    if (columns.length) this.choose(Math.max(0, again));
    else this.card.hide();
  }

  redraw(): void {}

  private addSelect(name: string): HTMLSelectElement {
    const label = add(this.choices, "label", "field");
    add(label, "span", "muted", name);
    const select = add(label, "select");
    select.dataset.key = name;
    select.addEventListener("change", () => {
      const [old, now] = this.selects.map(({ value }) => Number(value));
      this.frame.request("choose", { old, new: now }, "");
    });
    return select;
  }

  private search(): void {
    this.most = PAGE;
    this.drawList();
  }

  private drawList(): void {
    const words = this.words.value.toLowerCase().split(" ");
    const { columns } = this.shown;
    const places = columns.map((_, place) => place).filter((place) => words.every((word) => textOf(columns[place]).includes(word)));
    write(this.told, places.length < columns.length ? `${places.length} of ${columns.length} columns` : "");
    this.body.replaceChildren();
    for (const place of places.slice(0, this.most)) this.addRow(columns[place], place);
    this.more.hidden = places.length <= this.most;
    this.markChosen();
  }

  private addRow(column: ColumnRow, place: number): void {
    const line = add(this.body, "tr", `diff-${column.what}`);
    const button = addButton(add(line, "td"), "diff-column", column.name, () => this.choose(place));
    button.title = column.name;
    button.dataset.key = `column ${column.name}`;
    button.dataset.place = String(place);
    const told = { ...column, what: WHAT[column.what] };
    for (const name of HEADINGS.slice(1)) add(line, "td", classOf(name), told[name]);
    line.addEventListener("click", (event) => event.target !== button && this.choose(place));
  }

  private choose(place: number): void {
    const column = this.shown.columns[place];
    this.chosen = place;
    this.markChosen();
    const mine = ++this.asked;
    this.frame.kernel
      .ask<ColumnDiff>("column", { number: place })
      .then((found) => {
        if (mine === this.asked) this.card.show(column, found, this.shown); // else another one was chosen meanwhile
      })
      .catch((error: Error) => this.frame.say(error.message, true));
  }

  /** One of the columns is reached by Tab, the others from there by arrow keys. */
  private markChosen(): void {
    const { buttons } = this;
    const chosen = buttons.find(({ dataset }) => dataset.place === String(this.chosen));
    for (const button of buttons) {
      setAttribute(button, "aria-pressed", button === chosen);
      button.tabIndex = button === (chosen ?? buttons[0]) ? 0 : -1;
    }
  }

  private get buttons(): HTMLElement[] {
    return [...this.body.querySelectorAll<HTMLElement>(".diff-column")];
  }

  private press(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { buttons } = this;
    const at = buttons.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (at < 0 || to === undefined || !buttons[to]) return;
    event.preventDefault();
    buttons[to].focus();
    this.choose(Number(buttons[to].dataset.place));
  }
}

const WHAT = { added: "added", removed: "removed", type: "other type", values: "other values", same: "same" };
const HEADINGS = ["name", "what", "missing", "mean", "sd", "shift"] as const;
const WORDS = new Set<string>(["name", "what"]);

const classOf = (name: string): string => (WORDS.has(name) ? `diff-${name}` : `right-text diff-${name}`);
const textOf = ({ name, what }: ColumnRow): string => `${name} ${WHAT[what]}`.toLowerCase();
