import type { PlotKind } from "./protocol";

/** What a person chose in the plots of a run's metrics; plots are told by their keys. */
export interface Choices {
  /** null for the plot that comes first. */
  large: string | null;
  /** The metrics on axes of one's own. */
  chosen: string[];
  pinned: string[];
  hidden: string[];
  log: Record<string, boolean>;
  kinds: Record<string, KindChoice>;
  /** null as long as nothing was chosen, as is `by`. */
  smoothing: number | null;
  /** What is along the x axis. */
  by: string | null;
}

export interface KindChoice {
  kind: PlotKind;
  /** The metric along the x axis of a scatter plot. */
  x?: string;
}

const PLACE = "trainbook.choices";
const MOST = 100; // runs and names of runs that are remembered
const LONGEST = 100; // entries of a list
const KINDS: PlotKind[] = ["line", "scatter", "histogram"];

/** Remembers choices in the browser: those of a run, which are also what the next run of that name begins with. */
export class Memory {
  private keys: string[];

  /** `view` tells views of different plots of one run apart. */
  constructor(runId: string, runName: string, view: string) {
    this.keys = [`run ${runId} ${view}`, `name ${runName} ${view}`];
  }

  recall(): Choices {
    const kept = new Map(read());
    return validated(this.keys.map((key) => kept.get(key)).find((one) => one !== undefined));
  }

  keep(choices: Choices): void {
    const others = read().filter(([key]) => !this.keys.includes(key));
    const entries = [...others, ...this.keys.map((key) => [key, choices])];
    try {
      localStorage.setItem(PLACE, JSON.stringify(entries.slice(-MOST)));
    } catch {
      // It is full, or not allowed here: the choices hold as long as the page does.
    }
  }
}

function read(): [key: string, found: unknown][] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(PLACE) ?? "[]");
    return Array.isArray(found) ? found.filter((entry) => Array.isArray(entry) && typeof entry[0] === "string") : [];
  } catch {
    return [];
  }
}

/** The choices in what was found, which anyone may have written. */
export function validated(found: unknown): Choices {
  const { large, chosen, pinned, hidden, log, kinds, smoothing, by } = isRecord(found) ? found : ({} as Record<string, unknown>);
  return {
    large: textOr(large),
    chosen: texts(chosen),
    pinned: texts(pinned),
    hidden: texts(hidden),
    log: entries(log, (value) => typeof value === "boolean"),
    kinds: entries(kinds, isKindChoice),
    smoothing: typeof smoothing === "number" && [0, 1, 2].includes(smoothing) ? smoothing : null,
    by: textOr(by),
  };
}

const isRecord = (found: unknown): found is Record<string, unknown> => typeof found === "object" && found !== null && !Array.isArray(found);

const textOr = (found: unknown): string | null => (typeof found === "string" ? found : null);

const texts = (found: unknown): string[] =>
  Array.isArray(found) ? found.filter((one): one is string => typeof one === "string").slice(0, LONGEST) : [];

function isKindChoice(found: unknown): found is KindChoice {
  if (!isRecord(found) || !KINDS.includes(found.kind as PlotKind)) return false;
  return found.kind === "scatter" ? typeof found.x === "string" : found.x === undefined;
}

/** Without a prototype, as the keys are names of metrics. */
function entries<T>(found: unknown, fits: (value: unknown) => boolean): Record<string, T> {
  const kept = Object.entries(isRecord(found) ? found : {}).filter(([, value]) => fits(value));
  return Object.assign(Object.create(null), Object.fromEntries(kept.slice(-LONGEST))) as Record<string, T>;
}
