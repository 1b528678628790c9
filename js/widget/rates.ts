import { lowerBound } from "./column";
import { TIME } from "./metrics";
import { ended } from "./requests";
import type { Store } from "./store";
import type { Table } from "./table";
import { type Pause, pausedBetween } from "./training_time";

/** How fast a counter goes. */
export interface Rate {
  name: string;
  perSecond: number;
}

const RECENT = 30; // seconds over which it is taken, or the last two rows if they are further apart

/** The rates of the metrics that count something, such as `tokens` and `env_steps`, without pauses; of a run that has ended, over all of it. */
export function ratesOf({ tables, viewport, eventLog, state }: Pick<Store, "tables" | "viewport" | "eventLog" | "state">): Rate[] {
  const recent = ended(state) ? Infinity : RECENT;
  return viewport.counters.flatMap((name) => {
    const holding = [...tables.values()].filter(({ stream, columns }) => stream === "train" && (columns.get(name)?.length ?? 0) > 1);
    const newest = holding.sort((a, b) => b.step.last! - a.step.last!)[0];
    const perSecond = newest ? rateOf(newest, name, eventLog.pauses, recent) : NaN;
    return Number.isFinite(perSecond) ? [{ name, perSecond }] : [];
  });
}

function rateOf({ columns }: Table, name: string, pauses: Pause[], recent: number): number {
  const count = columns.get(name)!;
  const time = columns.get(TIME)?.values;
  if (!time) return NaN;
  const last = count.length - 1;
  const first = Math.min(last - 1, lowerBound(time, time[last] - recent));
  const seconds = time[last] - time[first] - pausedBetween(pauses, time[first], time[last]);
  return seconds > 0 ? (count.at(last) - count.at(first)) / seconds : NaN;
}
