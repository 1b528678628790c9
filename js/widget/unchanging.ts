import type { Column } from "./column";
import type { Table } from "./table";

interface Seen {
  rows: number;
  value: number;
  isConstant: boolean;
}

/** Which metrics never changed. Each value is looked at once, and none of a metric that changed. */
export class Unchanging {
  private seen = new WeakMap<Column, Seen>();

  /** Whether there are at least so many values of a metric, and all are the same number. */
  has(name: string, tables: Iterable<Table>, least: number): boolean {
    const all = [...tables].flatMap(({ columns }) => columns.get(name) ?? []).filter(({ length }) => length);
    const seen = all.map((column) => this.look(column));
    const count = seen.reduce((sum, { rows }) => sum + rows, 0);
    return count >= least && seen.every(({ isConstant, value }) => isConstant && value === seen[0].value);
  }

  private look(column: Column): Seen {
    const seen = this.seen.get(column) ?? { rows: 0, value: column.at(0), isConstant: Number.isFinite(column.at(0)) };
    this.seen.set(column, seen);
    const { values } = column;
    for (; seen.rows < values.length && seen.isConstant; seen.rows++) seen.isConstant = values[seen.rows] === seen.value;
    return seen;
  }
}
