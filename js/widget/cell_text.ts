import type { Cells } from "./cells";
import { ABSENT } from "./layer_maxima";
import type { Measure } from "./layer_measure";

/** A cell of a heat map. */
export interface Place {
  column: number;
  layer: number;
}

/** What a heat map tells of a cell: which steps it shows, and the value, which is the highest one if it is of several steps. */
export function cellText(
  cells: Cells,
  { column, layer }: Place,
  { scale, absent }: Pick<Measure, "scale" | "absent">,
): [steps: string, value: string] {
  const [first, last] = cells.steps(column);
  const value = cells.value(column, layer);
  const isOne = first === last;
  const steps = isOne ? `step ${first}` : `steps ${first} to ${last}`;
  if (value === ABSENT) return [steps, absent];
  return [steps, isOne || !Number.isFinite(value) ? scale.precise(value) : `at most ${scale.precise(value)}`];
}
