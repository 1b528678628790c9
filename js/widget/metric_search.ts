import { changeDetector } from "./changes";
import { add, addButton, setAttribute, write } from "./dom";
import { brief, oneLine } from "./format";

const MOST = 60; // names in the list at once

export interface SearchActions {
  /** Adds a metric to the large plot, or takes it out. */
  tick(name: string, isOn: boolean): void;
  /** Shows the hidden plots again. */
  unhide(): void;
  latest(name: string): number | undefined;
}

/** A button that opens a list of all metrics, with a field that narrows it down. */
export class MetricSearch {
  private button: HTMLButtonElement;
  private sheet: HTMLElement;
  private field: HTMLInputElement;
  private list: HTMLElement;
  private note: HTMLElement;
  private unhide: HTMLButtonElement;
  private names: string[] = [];
  private ticked: string[] = [];
  private isOther = changeDetector();

  constructor(
    tools: HTMLElement,
    section: HTMLElement,
    private actions: SearchActions,
  ) {
    this.button = addButton(tools, "quiet", "", () => this.toggle(this.sheet.hidden));
    this.button.setAttribute("aria-haspopup", "dialog");
    this.sheet = add(section, "div", "search");
    this.sheet.hidden = true;
    this.sheet.setAttribute("role", "dialog");
    this.sheet.setAttribute("aria-label", "Metrics of the large plot");
    this.field = add(this.sheet, "input");
    this.field.type = "search";
    this.field.placeholder = "search metrics";
    this.field.setAttribute("aria-label", "Search metrics");
    this.list = add(this.sheet, "ul");
    this.list.setAttribute("aria-label", "Tick to add to the large plot");
    this.note = add(this.sheet, "p", "muted");
    this.note.setAttribute("role", "status");
    this.unhide = addButton(this.sheet, "", "", () => actions.unhide());
    this.field.addEventListener("input", () => this.fill());
    this.sheet.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.toggle(false);
    });
    this.sheet.addEventListener("focusout", ({ relatedTarget }) => {
      const goesOn = relatedTarget === null || this.sheet.contains(relatedTarget as Node) || relatedTarget === this.button;
      if (!goesOn) this.sheet.hidden = true;
    });
  }

  /** `more` is how many metrics no plot shows. */
  show(names: string[], ticked: string[], more: number, hidden: number): void {
    this.button.hidden = !names.length;
    write(this.button, more ? `${more.toLocaleString("en-US")} more` : "metrics");
    setAttribute(this.button, "aria-label", more ? `Search all metrics, ${more} more than are drawn` : "Search all metrics");
    setAttribute(this.button, "aria-expanded", !this.sheet.hidden);
    write(this.unhide, hidden === 1 ? "Show the hidden plot" : `Show ${hidden} hidden plots`);
    this.unhide.hidden = !hidden;
    this.names = names;
    this.ticked = ticked;
    if (!this.sheet.hidden) this.fill();
  }

  private toggle(isOpen: boolean): void {
    this.sheet.hidden = !isOpen;
    this.button.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) this.fill();
    (isOpen ? this.field : this.button).focus();
  }

  private fill(): void {
    const wanted = this.field.value.trim().toLowerCase();
    const found = this.names.filter((name) => name.toLowerCase().includes(wanted));
    const shown = found.slice(0, MOST);
    const left = found.length - shown.length;
    write(
      this.note,
      !found.length ? "No metric is called so" : left ? `${left.toLocaleString("en-US")} more: type a part of the name` : "",
    );
    if (this.isOther(shown)) this.list.replaceChildren(...shown.map((name) => this.entry(name)));
    this.update();
  }

  private entry(name: string): HTMLElement {
    const item = document.createElement("li");
    const label = add(item, "label");
    const box = add(label, "input");
    box.type = "checkbox";
    box.value = name;
    box.addEventListener("change", () => this.actions.tick(name, box.checked));
    add(label, "span", "", oneLine(name));
    add(item, "span", "num value");
    return item;
  }

  private update(): void {
    for (const item of this.list.children) {
      const box = item.querySelector("input")!;
      box.checked = this.ticked.includes(box.value);
      const value = this.actions.latest(box.value);
      write(item.lastElementChild as HTMLElement, value === undefined ? "" : brief(value));
    }
  }
}
