import type { Table } from "./table";

interface Seen {
  rows: number;
  last: number;
  first: number;
  isWhole: boolean;
  /** Whether a later value was lower, or one is no number. */
  falls: boolean;
}

const FEWEST = 10; // values of a metric that is not of whole numbers; of fewer, it may rise by chance

/** Which metrics only grow, like `env_steps` and `tokens`. Each row is looked at once, and none of a metric that fell. */
export class Growing {
  private seen = new WeakMap<Table, Map<string, Seen>>();

  /** Their names, and whether they count: whole numbers from 0 on. */
  take(tables: Table[], isMetric: (name: string) => boolean): Map<string, boolean> {
    const found = new Map<string, Seen[]>();
    for (const table of tables) {
      const known = this.seen.get(table) ?? new Map<string, Seen>();
      this.seen.set(table, known);
      for (const name of table.columns.keys()) {
        if (!isMetric(name)) continue;
        const seen = known.get(name) ?? { rows: 0, last: -Infinity, first: NaN, isWhole: true, falls: false };
        known.set(name, seen);
        look(seen, table.columns.get(name)!.values);
        found.set(name, [...(found.get(name) ?? []), seen]);
      }
    }
    return new Map([...found].filter(([, seen]) => grows(seen)).map(([name, seen]) => [name, seen.every(({ isWhole }) => isWhole)]));
  }
}

function look(seen: Seen, values: Float64Array): void {
  for (; seen.rows < values.length && !seen.falls; seen.rows++) {
    const value = values[seen.rows];
    seen.falls = !Number.isFinite(value) || value < seen.last;
    seen.isWhole &&= Number.isInteger(value) && value >= 0;
    seen.first = seen.rows ? seen.first : value;
    seen.last = value;
  }
}

function grows(tables: Seen[]): boolean {
  const rows = tables.reduce((sum, seen) => sum + seen.rows, 0);
  const isWhole = tables.every((seen) => seen.isWhole);
  const [first, last] = [Math.min(...tables.map((seen) => seen.first)), Math.max(...tables.map((seen) => seen.last))];
  return rows >= (isWhole ? 2 : FEWEST) && last > first && !tables.some((seen) => seen.falls);
}
