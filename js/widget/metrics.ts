import type { Store } from "./store";
import type { Table } from "./table";

/** Recorded by itself in every row: says where the row belongs, and is no metric. */
const CONTEXT = /^(_.*|epoch|learning_rate(_\d+)?)$/;
const TWIN = /^(val|valid|test)_/;

/** `val_loss` shares its axes with `loss`: both are of the family "loss". */
export const familyOf = (name: string): string => name.replace(TWIN, "");

export const isTwin = (name: string): boolean => TWIN.test(name);

/** The names of the metrics by family: "loss" first, the others as they came; in a family, the twins last. */
export function families(store: Store): Map<string, string[]> {
  const found = new Map<string, string[]>([["loss", []]]);
  for (const name of metricNames(store)) {
    const family = found.get(familyOf(name)) ?? [];
    found.set(familyOf(name), isTwin(name) ? [...family, name] : [name, ...family]);
  }
  if (!found.get("loss")!.length) found.delete("loss");
  return found;
}

/** The last value recorded of a metric, in whichever table it is. */
export const latest = (store: Store, name: string): number | undefined => newest(metricTables(store), name);

/** The last reading of the machine. */
export function reading(store: Store, name: string): number | undefined {
  return newest([...store.tables.values()].filter(({ stream }) => stream === "system"), name);
}

function newest(tables: Table[], name: string): number | undefined {
  let last: Table | undefined;
  for (const table of tables) {
    if (table.columns.get(name)?.length && !(last && last.step.last! > table.step.last!)) last = table;
  }
  return last?.columns.get(name)!.last;
}

export function metricNames(store: Store): Set<string> {
  const names = new Set<string>();
  for (const table of metricTables(store)) {
    if (!table.step.length) continue;
    for (const name of table.columns.keys()) {
      if (!CONTEXT.test(name)) names.add(name);
    }
  }
  return names;
}

const metricTables = (store: Store): Table[] =>
  [...store.tables.values()].filter(({ stream }) => stream === "train" || stream === "valid");
