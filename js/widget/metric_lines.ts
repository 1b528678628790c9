import type { Plot } from "./arrangement";
import type { Line } from "./line";
import { isPerEpoch, stylesOf } from "./line_style";
import { optimizersOf } from "./optimizers";
import { Mean } from "./reduction";
import { Series } from "./series";
import type { Store } from "./store";

const MOST = 16; // lines of a plot; more could not be told apart

/** The curves of a run's metrics, and the lines that they are drawn as. */
export class MetricLines {
  private held = new Map<string, Series>();

  constructor(private store: Store) {}

  /** `smooth` is a window in steps, 0 for none. What counts is not smoothed: it never falls. */
  of({ metrics }: Plot, smooth: number): Line[] {
    const { state, eventLog, tables, viewport } = this.store;
    const names = metrics.slice(0, MOST);
    const styles = stylesOf(names, optimizersOf(tables.values()));
    return names.map((name) => {
      const series = this.curve(name);
      const dotted = isPerEpoch(series, state?.epoch ?? 0);
      const isRough = !dotted && !viewport.counters.includes(name);
      return { series, ...styles.get(name)!, dotted, smooth: isRough ? smooth : 0, evaluated: eventLog.evaluated.get(name) };
    });
  }

  curve(name: string): Series {
    const series = this.held.get(name) ?? new Series(name, new Mean());
    this.held.set(name, series);
    series.take(this.store.tables.values());
    return series;
  }
}
