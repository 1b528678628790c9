import type { Rise } from "./rising";
import type { Table } from "./table";

/** From when to when a run was paused, in seconds since 1970; to infinity if it still is. */
export type Pause = [from: number, to: number];

/**
 * Seconds of training since the first step, from times that never fall. Left out are pauses, and what lies between a run and the one that
 * goes on from it, which begins at one of `starts`: there, a step counts as much as those before it did.
 */
export function trainingTime(pauses: Pause[], starts: number[]): Rise {
  return (risen, i, step, time) => {
    if (i === 0) return 0;
    const isFirst = starts.some((start) => step[i - 1] < start && start <= step[i]);
    if (isFirst) return risen + (i > 1 ? (risen * (step[i] - step[i - 1])) / (step[i - 1] - step[0]) : 0);
    return risen + time[i] - time[i - 1] - pausedBetween(pauses, time[i - 1], time[i]);
  };
}

export const pausedBetween = (pauses: Pause[], from: number, to: number): number =>
  pauses.reduce((sum, [begin, end]) => sum + Math.max(0, Math.min(to, end) - Math.max(from, begin)), 0);

/** The first step of each run that goes on from another one of these tables. */
export function startsOf(tables: Map<string, Table>): number[] {
  const firsts = new Map<string, number>();
  for (const [key, { stream, step }] of tables) {
    if (stream !== "train" || !step.length) continue;
    const folder = key.slice(0, key.indexOf(stream));
    firsts.set(folder, Math.min(firsts.get(folder) ?? Infinity, step.at(0)));
  }
  return [...firsts.values()].sort((a, b) => a - b).slice(1);
}
