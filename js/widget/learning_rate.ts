import { Chart, type Line } from "./chart";
import { add } from "./dom";
import { rate } from "./format";
import { Series } from "./series";
import type { Store } from "./store";
import type { Table } from "./table";

const NAME = /^learning_rate(_\d+)?$/;
const COLORS = ["--fourth", "--third", "--valid", "--train"];
const WIDE = 100; // from a span of two decades on, the low end is seen on a log axis only

/** The learning rate of each parameter group; a curve if it ever changed, else its one value. */
export class LearningRate {
  private label: HTMLElement;
  private box: HTMLElement;
  private chart: Chart;
  private held = new Map<string, Series>();

  constructor(parent: HTMLElement, private store: Store) {
    this.label = add(parent, "div", "rate muted");
    this.box = add(parent, "div", "strip");
    this.box.setAttribute("role", "img");
    this.chart = new Chart(this.box);
  }

  /** One line for each rate that differs from those before it. */
  get lines(): Line[] {
    const groups = this.groups();
    const distinct = groups.filter((series, i) => !groups.slice(0, i).some((before) => isSame(before, series)));
    return distinct.map((series, i) => ({ series, color: COLORS[i % COLORS.length], beta: 0, dotted: false }));
  }

  draw(gutter: number | undefined): void {
    const { lines, label, box } = this;
    const [lowest, highest] = [Math.min(...lines.map(low)), Math.max(...lines.map(high))];
    label.hidden = !lines.length;
    box.hidden = !(lowest < highest);
    label.style.paddingLeft = `${gutter ?? 0}px`;
    this.tell(lines);
    if (box.hidden) return;
    const { road, span } = this.store.viewport;
    const log = lowest > 0 && highest >= WIDE * lowest;
    box.setAttribute("aria-label", "Learning rate by step");
    this.chart.draw({ lines, road, span, log, gutter, bare: true });
  }

  dispose(): void {
    this.chart.dispose();
  }

  private tell(lines: Line[]): void {
    const { label } = this;
    const now = lines.map(({ series }) => rate(series.value.last!));
    if (label.textContent === `learning rate ${now.join("")}`) return;
    label.replaceChildren("learning rate ");
    now.forEach((text, i) => {
      const entry = add(label, "span", now.length > 1 ? "series" : "");
      entry.style.setProperty("--c", `var(${lines[i].color})`);
      add(entry, "span", "num", text);
    });
  }

  private groups(): Series[] {
    const tables = [...this.store.tables.values()].filter(({ stream }) => stream === "train");
    const names = new Set(tables.flatMap(({ columns }) => [...columns.keys()].filter((name) => NAME.test(name))));
    return [...names].map((name) => this.series(name, tables)).filter(({ step }) => step.length);
  }

  private series(name: string, tables: Table[]): Series {
    const series = this.held.get(name) ?? new Series(name);
    this.held.set(name, series);
    series.take(tables);
    return series;
  }
}

const low = ({ series }: Line): number => series.lowest;
const high = ({ series }: Line): number => series.highest;

const isSame = (a: Series, b: Series): boolean =>
  a.lowest === b.lowest && a.highest === b.highest && a.value.last === b.value.last;
