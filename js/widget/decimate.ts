import { lowerBound } from "./column";
import type { Extremes } from "./extremes";
import { BY_STEP, type XScale } from "./x_scale";

export interface Points {
  x: number[];
  /** null where the line is interrupted. */
  y: (number | null)[];
}

/** What is in view, and the number of pixel columns for it. */
export interface Frame {
  from: number;
  to: number;
  columns: number;
  log: boolean;
  /** By which `from` and `to` are meant, if not by step. */
  scale?: XScale;
}

/**
 * At most two points for each pixel column: the lowest and the highest, in the order they occurred. Never a mean,
 * so a spike of a single step is drawn. One more point on either side lets the line continue to the edges.
 */
export function decimate(step: Float64Array, value: Float64Array, extremes: Extremes, frame: Frame): Points {
  const points: Points = { x: [], y: [] };
  const { from, to, columns, scale = BY_STEP } = frame;
  const perColumn = (to - from) / columns;
  const edge = (column: number) => scale.toStep(from + (column + 1) * perColumn);
  const push = (i: number, y: number | null) => {
    const before = points.x[points.x.length - 1] ?? -Infinity;
    // Of two points in one place, a chart would draw the second one only.
    points.x.push(Math.max(scale.toX(step[i]), before + perColumn * 1e-3));
    points.y.push(y);
  };
  const first = Math.max(0, lowerBound(step, scale.toStep(from)) - 1);
  const end = Math.min(step.length, lowerBound(step, scale.toStep(to)) + 1);
  for (let i = first; i < end; ) {
    const column = Math.floor((scale.toX(step[i]) - from) / perColumn);
    // A step on the edge of a column is in the next one, be it rounded into this one.
    const right = edge(column) > step[i] ? edge(column) : edge(column + 1);
    const next = Math.min(end, Math.max(i + 1, lowerBound(step, right, i)));
    const { low, high } = extremes.between(i, next);
    if (low < 0) push(i, null);
    else {
      push(Math.min(low, high), value[Math.min(low, high)]);
      if (low !== high) push(Math.max(low, high), value[Math.max(low, high)]);
    }
    i = next;
  }
  return points;
}
