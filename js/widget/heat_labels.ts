import { changeDetector } from "./changes";
import { add } from "./dom";
import { layerGroups, layerLabels } from "./layer_names";

const CHARACTER = 6.4; // px
const GAP = 8; // px to the map
const LEAST = 50; // px, the least width of the labels of a plot's y axis
const SHARE = 0.34; // the most of the width that names take
const LINE = 11; // px between labels

interface Label {
  text: string;
  title: string;
  /** px from the top to its middle. */
  at: number;
  isSelected: boolean;
}

/** The names of the layers beside their rows. In a deep model modules have brackets and labels instead; the selected layer always has its own. */
export class HeatLabels {
  /** px */
  gutter = LEAST;
  private column: HTMLElement;
  private hasChanged = changeDetector();

  constructor(parent: HTMLElement) {
    this.column = add(parent, "div", "labels");
  }

  show(names: string[], selected: number | null, width: number, height: number): void {
    if (!this.hasChanged(names, selected, width, height)) return;
    const groups = layerGroups(names, Math.floor(height / LINE));
    const most = Math.floor((Math.max(LEAST, width * SHARE) - GAP) / CHARACTER);
    const texts = layerLabels(
      groups.map(({ name }) => name),
      most,
    );
    const longest = Math.max(...texts.map((text) => [...text].length));
    this.gutter = Math.max(LEAST, Math.ceil(longest * CHARACTER + GAP));
    this.column.style.width = `${this.gutter - GAP}px`;
    this.column.replaceChildren();
    const rowHeight = height / names.length;
    const middle = (first: number, size: number) => clamp((first + size / 2) * rowHeight, LINE / 2, height - LINE / 2);
    const labels = groups.map(({ name, first, size }, i): Label => {
      if (size > 1) this.addBracket(first * rowHeight, size * rowHeight);
      return { text: texts[i], title: name, at: middle(first, size), isSelected: size === 1 && first === selected };
    });
    if (selected !== null && !labels.some(({ isSelected }) => isSelected)) {
      const [text] = layerLabels(names, Math.floor((this.gutter - GAP) / CHARACTER)).slice(selected);
      labels.push({ text, title: names[selected], at: middle(selected, 1), isSelected: true });
    }
    withoutOverlap(labels).forEach((label) => this.addLabel(label));
  }

  private addLabel({ text, title, at, isSelected }: Label): void {
    const label = add(this.column, "span", isSelected ? "label selected" : "label", text);
    label.title = title;
    label.style.top = `${at}px`;
  }

  private addBracket(top: number, height: number): void {
    const bracket = add(this.column, "i", "bracket");
    bracket.style.top = `${top + 0.5}px`;
    bracket.style.height = `${Math.max(1, height - 1)}px`;
  }
}

/** Those that overlap neither the selected one nor one before them. */
function withoutOverlap(labels: Label[]): Label[] {
  const shown = labels.filter(({ isSelected }) => isSelected);
  for (const label of labels) {
    if (shown.every(({ at }) => Math.abs(label.at - at) >= LINE - 0.1)) shown.push(label);
  }
  return shown;
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
