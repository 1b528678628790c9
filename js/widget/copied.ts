import type { Curve } from "./curve";

/** What a table cell holds: as pandas reads it again. */
function cell(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return String(value);
}

const quoted = (name: string): string => (/[",\r\n]/.test(name) ? `"${name.replace(/"/g, '""')}"` : name);

/** The curves as CSV, a row a step; a cell is empty where a curve has no value. */
export function csvOf(curves: Curve[]): string {
  const rows = [["step", ...curves.map(({ name }) => quoted(name))].join(",")];
  const at = curves.map(() => 0);
  for (;;) {
    const step = Math.min(...curves.map((curve, i) => (at[i] < curve.step.length ? curve.step.at(at[i]) : Infinity)));
    if (!Number.isFinite(step)) return `${rows.join("\n")}\n`;
    const cells = curves.map((curve, i) =>
      at[i] < curve.step.length && curve.step.at(at[i]) === step ? cell(curve.value.at(at[i]++)) : "",
    );
    rows.push([String(step), ...cells].join(","));
  }
}

/** How often values came, as CSV, a row a bin. */
export function binsCsv(curves: Curve[], edges: number[], counts: number[][]): string {
  const head = ["from", "to", ...curves.map(({ name }) => quoted(name))].join(",");
  const rows = edges.slice(1).map((to, i) => [edges[i], to, ...counts.map((count) => count[i])].join(","));
  return `${[head, ...rows].join("\n")}\n`;
}

/** Which curve of a run, and in which of its tables it is. */
export interface Source {
  name: string;
  stream: string;
}

/** The lines of Python that give the curves. */
export const pythonOf = (folder: string, sources: Source[]): string =>
  sources.map(({ name, stream }) => `open_run(${text(`runs/${folder}`)}).frame("${stream}")[${text(name)}].dropna()`).join("\n");

/** A literal of Python: JSON has the same escapes. */
const text = (value: string): string => JSON.stringify(value);
