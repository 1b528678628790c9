import { lowerBound } from "./column";

export interface Points {
  x: number[];
  /** null where the line is interrupted. */
  y: (number | null)[];
}

/**
 * At most two points for each of `columns` pixel columns between `from` and `to`: the lowest and the highest, in the
 * order they occurred. Never a mean, so a spike of a single step survives. One point more on either side lets the
 * line run out of the picture.
 */
export function decimate(
  step: Float64Array,
  value: Float64Array,
  from: number,
  to: number,
  columns: number,
  drawable: (value: number) => boolean,
): Points {
  const points: Points = { x: [], y: [] };
  const end = Math.min(step.length, lowerBound(step, to) + 1);
  const perStep = columns / (to - from);
  let i = Math.max(0, lowerBound(step, from) - 1);
  while (i < end) {
    const column = Math.floor((step[i] - from) * perStep);
    const first = i;
    let low = -1;
    let high = -1;
    for (; i < end && Math.floor((step[i] - from) * perStep) === column; i++) {
      if (!drawable(value[i])) continue;
      if (low < 0 || value[i] < value[low]) low = i;
      if (high < 0 || value[i] > value[high]) high = i;
    }
    if (low < 0) push(points, step[first], null);
    else {
      push(points, step[Math.min(low, high)], value[Math.min(low, high)]);
      if (low !== high) push(points, step[Math.max(low, high)], value[Math.max(low, high)]);
    }
  }
  return points;
}

function push(points: Points, x: number, y: number | null): void {
  points.x.push(x);
  points.y.push(y);
}
