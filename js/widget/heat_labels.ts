import { add } from "./dom";
import { distinctParts, shorten } from "./layer_names";

const CHARACTER = 6.4; // px
const GAP = 8; // px to the map
const LEAST = 42; // px that the labels of an axis need
const SHARE = 0.34; // of the width, at most
const APART = 11; // px

/** The names of the layers beside their rows: of all, or of so many as have room, and always of the one selected. */
export class HeatLabels {
  /** px */
  gutter = LEAST;
  private column: HTMLElement;
  private built = "";

  constructor(parent: HTMLElement) {
    this.column = add(parent, "div", "labels");
  }

  show(names: string[], selected: number | null, width: number, height: number): void {
    const wanted = JSON.stringify([names, selected, width, height]);
    if (wanted === this.built) return;
    this.built = wanted;
    const parts = distinctParts(names);
    const longest = Math.max(...parts.map((part) => part.length));
    const room = Math.max(LEAST, Math.min(width * SHARE, longest * CHARACTER + GAP));
    this.gutter = Math.ceil(room);
    this.column.style.width = `${this.gutter - GAP}px`;
    const length = Math.floor((this.gutter - GAP) / CHARACTER);
    const top = (i: number) => clamp(((i + 0.5) * height) / names.length, APART / 2, height - APART / 2);
    this.column.replaceChildren();
    for (const i of legible(names.length, selected, top)) {
      const label = add(this.column, "span", i === selected ? "label selected" : "label", shorten(parts[i], length));
      label.title = names[i];
      label.style.top = `${top(i)}px`;
    }
  }
}

/** As many labels as do not run into one another. */
function legible(count: number, selected: number | null, top: (i: number) => number): number[] {
  const isFree = (i: number, other: number | null) => other === null || Math.abs(top(i) - top(other)) >= APART - 0.1;
  const shown: number[] = [];
  for (let i = 0; i < count; i++) {
    const last = shown.length ? shown[shown.length - 1] : null;
    if (i === selected || (isFree(i, last) && isFree(i, selected))) shown.push(i);
  }
  return shown;
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
