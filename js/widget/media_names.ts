import { add, write } from "./dom";

const MOST = 24; // cards side by side

/** Which of the names are seen: the large one, or all side by side, or of very many those that were looked for. */
export class MediaNames {
  private count: HTMLElement;
  private field: HTMLInputElement;

  constructor(parent: HTMLElement, changed: () => void) {
    this.count = add(parent, "span", "muted media-count");
    this.field = add(parent, "input", "media-find");
    this.field.type = "search";
    this.field.placeholder = "find a name";
    this.field.setAttribute("aria-label", "Find a name");
    this.field.addEventListener("input", changed);
  }

  choose(names: string[], large: string | null): string[] {
    this.count.hidden = large !== null || names.length < 2;
    this.field.hidden = large !== null || names.length <= MOST;
    if (large !== null) return [large];
    const wanted = this.field.hidden ? "" : this.field.value.trim().toLowerCase();
    const seen = names.filter((name) => name.toLowerCase().includes(wanted)).slice(0, MOST);
    const count = `${names.length.toLocaleString("en-US")} names`;
    write(this.count, seen.length < names.length ? `${seen.length} of ${count}` : count);
    return seen;
  }
}
