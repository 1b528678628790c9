import { changeDetector } from "./changes";
import { classColor } from "./classes";
import { add } from "./dom";

/** A class that is seen. */
export interface LegendEntry {
  number: number;
  name: string;
}

const MOST = 24; // entries

/** The classes of what is large, each a patch of its colour and its name. */
export class MediaLegend {
  private element: HTMLElement;
  private isOther = changeDetector();

  constructor(parent: HTMLElement) {
    this.element = add(parent, "ul", "media-legend");
    this.element.setAttribute("aria-label", "Classes");
  }

  show(entries: readonly LegendEntry[]): void {
    this.element.hidden = !entries.length;
    if (!this.isOther(entries)) return;
    this.element.replaceChildren();
    for (const { number, name } of entries.slice(0, MOST)) {
      add(this.element, "li", "", name).style.setProperty("--c", classColor(number));
    }
    if (entries.length > MOST) add(this.element, "li", "rest muted", `and ${entries.length - MOST} more`);
  }
}
