import type { Line } from "./chart";
import { add, addButton, setFigure } from "./dom";
import { brief } from "./format";

export interface Other {
  family: string;
  name: string;
  value: number;
}

/** The series on show with their latest values and, on the right, the other families, one click away. */
export class Legend {
  private row: HTMLElement;
  private figures = new Map<string, HTMLElement>();
  private built = "";

  constructor(parent: HTMLElement, private choose: (family: string) => void) {
    this.row = add(parent, "div", "legend");
  }

  show(lines: Line[], others: Other[]): void {
    this.build(lines, others);
    for (const { series, evaluated } of lines) this.set(series.name, series.value.last ?? evaluated?.value.last);
    for (const { name, value } of others) this.set(name, value);
  }

  private build(lines: Line[], others: Other[]): void {
    const wanted = JSON.stringify([lines.map(({ series, color }) => [series.name, color]), others.map(({ name }) => name)]);
    if (wanted === this.built) return;
    this.built = wanted;
    this.row.replaceChildren();
    this.figures.clear();
    for (const { series, color } of lines) {
      const entry = add(this.row, "span", "series", `${series.name} `);
      entry.style.setProperty("--c", `var(${color})`);
      this.figures.set(series.name, add(entry, "span", "num value"));
    }
    const rest = add(this.row, "span", "others");
    for (const { family, name } of others) {
      const button = addButton(rest, "quiet", `${name} `, () => this.choose(family));
      this.figures.set(name, add(button, "span", "num value"));
    }
  }

  private set(name: string, value: number | undefined): void {
    const figure = this.figures.get(name);
    if (figure && value !== undefined) setFigure(figure, brief(value), !Number.isFinite(value));
  }
}
