import type { TableHeader } from "../widget/protocol";
import { higher } from "../widget/pyramid";
import { Table } from "../widget/table";

/** A number for each row, or for each row one for each layer. */
type Values = readonly number[] | readonly (readonly number[])[];

/** Rows of a table as a kernel sends them. */
export interface Rows {
  header: TableHeader;
  buffers: ArrayBuffer[];
}

interface Where {
  /** How many rows of the table have come before. */
  start?: number;
  /** How many rows are folded into one. */
  by?: number;
  key?: string;
}

/** Packs rows like `pack` in `trainbook/widget/panel.py`, folded like `fold` in `trainbook/run/tables.py`. */
export function rows(
  stream: TableHeader["stream"],
  columns: Record<string, Values>,
  { start = 0, by = 1, key = stream }: Where = {},
): Rows {
  const names = Object.keys(columns).sort((a, b) => Number(b === "_step") - Number(a === "_step"));
  const width = (name: string): number => (Array.isArray(columns[name][0]) ? (columns[name][0] as number[]).length : 0);
  const buffers = names.map((name) => {
    const folded = fold(columns[name], by, name === "_step").flat();
    return (width(name) ? Float32Array.from(folded) : Float64Array.from(folded)).buffer;
  });
  return { header: { key, stream, columns: names, widths: names.map(width), start, count: columns._step.length, fold: by }, buffers };
}

/** Of every so many rows the first one's step, or the highest of all values. */
function fold(values: Values, by: number, isStep: boolean): (number | number[])[] {
  const groups = Array.from({ length: Math.ceil(values.length / by) }, (_, i) => values.slice(i * by, (i + 1) * by));
  const highest = (a: number | number[], b: number | number[]) =>
    Array.isArray(a) ? a.map((one, i) => higher(one, (b as number[])[i])) : higher(a, b as number);
  return groups.map((group) => (isStep ? group[0] : (group as (number | number[])[]).reduce(highest))) as (number | number[])[];
}

/** The table that has received these rows. */
export function tableOf(first: Rows, ...more: Rows[]): Table {
  const table = new Table(first.header);
  for (const { header, buffers } of [first, ...more]) table.append(header, buffers);
  return table;
}

/** Whole numbers from `first` to `last`. */
export const range = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);
