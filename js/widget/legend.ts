import { changeDetector } from "./changes";
import { add, setNumber } from "./dom";
import { brief } from "./format";
import type { Line } from "./line";

/** The drawn series with their latest values. */
export class Legend {
  private row: HTMLElement;
  private values = new Map<string, HTMLElement>();
  private isOther = changeDetector();

  constructor(parent: HTMLElement) {
    this.row = add(parent, "div", "legend");
  }

  show(lines: Line[]): void {
    this.build(lines);
    for (const { series, evaluated } of lines) this.set(series.name, series.value.last ?? evaluated?.value.last);
  }

  private build(lines: Line[]): void {
    if (!this.isOther(lines.map(({ series, color, dashed }) => [series.name, color, dashed]))) return;
    this.row.replaceChildren();
    this.values.clear();
    for (const { series, color, dashed } of lines) {
      const entry = add(this.row, "span", dashed ? "series dashed" : "series", `${series.name} `);
      entry.style.setProperty("--c", `var(${color})`);
      this.values.set(series.name, add(entry, "span", "num value"));
    }
  }

  private set(name: string, value: number | undefined): void {
    const element = this.values.get(name);
    if (element && value !== undefined) setNumber(element, brief(value), !Number.isFinite(value));
  }
}
