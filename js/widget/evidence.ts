import { oneLine, short, truncate } from "./format";

const LONGEST = { name: 40, value: 80 }; // characters
const MOST = 12; // entries of a list

/** What was measured, as names and values to read. What is empty is left out. */
export function evidenceRows(evidence: Record<string, unknown> | undefined): [name: string, value: string][] {
  return Object.entries(evidence ?? {})
    .map(([name, value]): [string, string] => [
      truncate(oneLine(name.replace(/_/g, " ")), LONGEST.name),
      truncate(inWords(value), LONGEST.value),
    ])
    .filter(([, value]) => value);
}

function inWords(value: unknown): string {
  if (typeof value === "number") return short(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") return oneLine(value);
  if (Array.isArray(value)) return listed(value);
  if (typeof value !== "object" || value === null) return "";
  return Object.entries(value)
    .map(([name, one]) => `${oneLine(name.replace(/_/g, " "))} ${inWords(one)}`)
    .join(", ");
}

function listed(values: unknown[]): string {
  const shown = values.slice(0, MOST).map(inWords);
  return [...shown, ...(values.length > MOST ? [`… ${values.length} in all`] : [])].join(", ");
}
