import { changeDetector } from "./changes";
import { Chart } from "./chart";
import type { Curve } from "./curve";
import { add } from "./dom";
import { oneLine, rate, truncate } from "./format";
import type { Line } from "./line";
import { optimizerColor, optimizersOf } from "./optimizers";
import { Series } from "./series";
import type { Store } from "./store";
import type { Table } from "./table";

const NAME = /^learning_rate(_\d+)?(?:\/(.*))?$/; // the group's number, and of several optimizers the name
const COLORS = ["--fourth", "--third", "--valid", "--train"];
const LONGEST = 20; // characters of an optimizer's name
const WIDE = 100; // from this ratio of the highest to the lowest rate on, the axis is logarithmic

/**
 * The learning rate of each parameter group, of several optimizers behind their names. It has a curve if it ever changed; until then the plot
 * above has the room for it, so that the panel does not grow at the first change.
 */
export class LearningRate {
  private label: HTMLElement;
  private box: HTMLElement;
  private chart: Chart;
  private held = new Map<string, Series>();
  private isOther = changeDetector();

  constructor(
    parent: HTMLElement,
    private store: Store,
  ) {
    this.label = add(parent, "div", "rate muted");
    this.box = add(parent, "div", "strip");
    this.box.setAttribute("role", "img");
    this.box.setAttribute("aria-label", "Learning rate by step");
    this.chart = new Chart(this.box);
  }

  /** One line for each rate that differs from those before it. */
  get lines(): Line[] {
    const groups = this.groups();
    const distinct = groups.filter((series, i) => !groups.slice(0, i).some((before) => isSame(before, series)));
    const optimizers = optimizersOf(this.store.tables.values());
    const seen = new Set<string>();
    return distinct.map((series, i) => {
      const optimizer = optimizerOf(series.name);
      if (optimizer === undefined) return { series, color: COLORS[i % COLORS.length], smooth: 0, dotted: false };
      const dashed = seen.has(optimizer); // a further group of its parameters
      seen.add(optimizer);
      return { series, color: optimizerColor(optimizer, optimizers), dashed, smooth: 0, dotted: false };
    });
  }

  draw(lines: Line[], gutter: number | undefined, rightGutter: number | undefined): void {
    const { label, box } = this;
    const { state, isSteerable, viewport } = this.store;
    const [lowest, highest] = [Math.min(...lines.map(low)), Math.max(...lines.map(high))];
    const known = lines.map(({ series, color, dashed = false }) => ({ text: textOf(series), color, dashed }));
    const expected =
      isSteerable && typeof state?.learning_rate === "number" ? [{ text: rate(state.learning_rate), color: "", dashed: false }] : [];
    const told = known.length ? known : expected;
    label.hidden = !told.length;
    label.style.paddingLeft = `${gutter ?? 0}px`;
    this.show(told);
    box.hidden = lines.every(({ series }) => series.lowest === series.highest);
    const log = lowest > 0 && highest >= WIDE * lowest;
    if (!box.hidden) this.chart.draw({ lines, xAxis: viewport.xAxis, span: viewport.span, log, gutter, rightGutter, bare: true });
  }

  dispose(): void {
    this.chart.dispose();
  }

  private show(rates: { text: string; color: string; dashed: boolean }[]): void {
    const { label } = this;
    if (!this.isOther(rates)) return;
    label.replaceChildren("learning rate ");
    for (const { text, color, dashed } of rates) {
      const entry = add(label, "span", rates.length > 1 ? `series${dashed ? " dashed" : ""}` : "only");
      entry.style.setProperty("--c", `var(${color})`);
      add(entry, "span", "num", text);
    }
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

/** The name of the optimizer, if there are several. */
const optimizerOf = (column: string): string | undefined => NAME.exec(column)?.[2];

function textOf({ name, value }: Curve): string {
  const optimizer = optimizerOf(name);
  return `${optimizer ? `${truncate(oneLine(optimizer), LONGEST)} ` : ""}${rate(value.last!)}`;
}

/** Whether the rates are those of one optimizer and alike. */
const isSame = (a: Series, b: Series): boolean =>
  optimizerOf(a.name) === optimizerOf(b.name) && a.lowest === b.lowest && a.highest === b.highest && a.value.last === b.value.last;
