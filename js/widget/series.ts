import { Curve } from "./curve";
import { SAMPLES } from "./metrics";
import type { Table } from "./table";

/** One metric over the run: the rows of all tables that hold it, sorted by step. */
export class Series extends Curve {
  private taken = new Map<Table, number>();

  /** Takes the rows that are new since the last call. */
  take(tables: Iterable<Table>): void {
    const sources = [...tables].filter((table) => table.columns.has(this.name));
    const replaced = [...this.taken.keys()].some((table) => !sources.includes(table));
    if (replaced || this.isLate(sources)) this.clear();
    this.merge(sources);
  }

  clear(): void {
    super.clear();
    this.taken.clear();
  }

  /** Whether new rows have earlier steps than those taken, so that all have to be merged again. */
  private isLate(sources: Table[]): boolean {
    const last = this.step.last ?? -Infinity;
    return sources.some(({ step }, i) => step.values[this.taken.get(sources[i]) ?? 0] < last);
  }

  /** A merge of tables that are sorted by step. */
  private merge(sources: Table[]): void {
    const cursors = sources.map((table) => ({
      at: this.taken.get(table) ?? 0,
      step: table.step.values,
      value: table.columns.get(this.name)!.values,
      samples: table.columns.get(SAMPLES)?.values,
    }));
    for (;;) {
      let next: (typeof cursors)[0] | undefined;
      for (const cursor of cursors) {
        if (cursor.at < cursor.step.length && !(next && next.step[next.at] <= cursor.step[cursor.at])) next = cursor;
      }
      if (!next) break;
      this.push(next.step[next.at], next.value[next.at], next.samples?.[next.at]);
      next.at++;
    }
    sources.forEach((table, i) => this.taken.set(table, cursors[i].at));
  }
}
