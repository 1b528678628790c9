import type { Column } from "./column";
import type { Rates } from "./protocol";
import { ended } from "./requests";
import type { Store } from "./store";
import type { Table, TableHolder } from "./table";

/** A rate or a figure of the machine: the last one; of a run that has ended the mean, and of memory the most. */
export function reading(store: Pick<Store, "tables" | "state">, name: string): number | undefined {
  const column = readings(store, name);
  if (!ended(store.state)) return column?.last;
  if (RATES.has(name)) return store.state!.mean_rates?.[name as keyof Rates];
  const values = column?.values.filter(Number.isFinite);
  if (!values?.length) return undefined;
  return name.endsWith("memory") ? values.reduce((a, b) => Math.max(a, b)) : values.reduce((a, b) => a + b) / values.length;
}

const RATES = new Set<string>(["steps_per_second", "samples_per_second", "data_wait"] satisfies (keyof Rates)[]);

/** All readings of one kind, in the table that goes furthest. */
function readings(held: TableHolder, name: string): Column | undefined {
  let last: Table | undefined;
  for (const table of held.tables.values()) {
    if (table.stream !== "system") continue;
    if (table.columns.get(name)?.length && !(last && last.step.last! > table.step.last!)) last = table;
  }
  return last?.columns.get(name);
}
