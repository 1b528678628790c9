import { Column } from "./column";
import { Ema } from "./smooth";
import type { Table } from "./store";

/** One metric over the run: the rows of all tables that hold it, sorted by step. */
export class Series {
  readonly step = new Column();
  readonly value = new Column();
  readonly smoothed = new Column();
  /** Steps whose value is NaN or infinite. */
  readonly broken = new Column();
  /** Of the finite values. */
  lowest = Infinity;
  highest = -Infinity;
  private taken = new Map<Table, number>();
  private ema: Ema;

  constructor(readonly name: string, beta: number) {
    this.ema = new Ema(beta);
  }

  /** Takes what the tables have got since the last time. */
  take(tables: Iterable<Table>): void {
    const sources = [...tables].filter((table) => table.columns.has(this.name));
    const replaced = [...this.taken.keys()].some((table) => !sources.includes(table));
    if (replaced || this.isLate(sources)) this.clear();
    this.merge(sources);
  }

  smooth(beta: number): void {
    if (beta === this.ema.beta) return;
    this.ema = new Ema(beta);
    this.smoothed.clear();
    for (const value of this.value.values) this.smoothed.push(this.ema.next(value));
  }

  /** Whether a table brings steps before the last one held, so that the rows must be sorted anew. */
  private isLate(sources: Table[]): boolean {
    const last = this.step.last ?? -Infinity;
    return sources.some(({ step }, i) => step.values[this.taken.get(sources[i]) ?? 0] < last);
  }

  /** Each table is in order of its steps, so the lowest of the next rows is the next row. */
  private merge(sources: Table[]): void {
    const cursors = sources.map((table) => ({
      at: this.taken.get(table) ?? 0,
      step: table.step.values,
      value: table.columns.get(this.name)!.values,
    }));
    for (;;) {
      let next: (typeof cursors)[0] | undefined;
      for (const cursor of cursors) {
        if (cursor.at < cursor.step.length && !(next && next.step[next.at] <= cursor.step[cursor.at])) next = cursor;
      }
      if (!next) break;
      this.push(next.step[next.at], next.value[next.at]);
      next.at++;
    }
    sources.forEach((table, i) => this.taken.set(table, cursors[i].at));
  }

  private push(step: number, value: number): void {
    this.step.push(step);
    this.value.push(value);
    this.smoothed.push(this.ema.next(value));
    if (!Number.isFinite(value)) {
      this.broken.push(step);
      return;
    }
    this.lowest = Math.min(this.lowest, value);
    this.highest = Math.max(this.highest, value);
  }

  private clear(): void {
    [this.step, this.value, this.smoothed, this.broken].forEach((column) => column.clear());
    this.lowest = Infinity;
    this.highest = -Infinity;
    this.ema = new Ema(this.ema.beta);
    this.taken.clear();
  }
}
