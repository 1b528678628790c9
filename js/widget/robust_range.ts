import type { Points } from "./decimate";

/** What the y axis shows of the values that are there; NaN if there are none. */
export interface Range {
  low: number;
  high: number;
  /** The highest value, if it is left out: it lies above `high`. */
  above?: number;
  /** The lowest value, if it is left out. */
  below?: number;
}

const FEWEST = 8; // points of a curve; of fewer, none is an outlier
const RARE = 0.05; // at most this share of a curve's points is left out, only of its first ones, or where few are in a row
const LATE = 0.05; // of its points; so many of the last ones are never left out
const IN_A_ROW = 0.01; // of its points
const APART = 0.5; // from the other values, relative to the range of most of them
const FLATTENED = 2.5; // so many times longer the axis has to be for the outliers; also in `trainbook/widget/curves.py`

/**
 * The range of some curves without outliers that would flatten all others: those of the first steps, and those of a few steps. What goes on,
 * and what came last, is no outlier: a loss that diverges is shown. It goes by the points that are drawn, and by nothing else.
 */
export function robustRange(curves: Points[], log: boolean): Range {
  const all = curves.map(({ y }) => y.filter((value) => value !== null)).filter(({ length }) => length);
  if (!all.length) return { low: NaN, high: NaN };
  const at = log ? Math.log : (value: number) => value;
  const [lowest, highest] = [Math.min(...all.map(least)), Math.max(...all.map(most))];
  if (fillBothEnds(all, lowest, highest, log)) return { low: lowest, high: highest };
  const low = Math.min(...all.map((values) => values[usual(Float64Array.from(values, (value) => -at(value)))]));
  const high = Math.max(...all.map((values) => values[usual(Float64Array.from(values, at))]));
  const isFlat = at(low) < at(high) && at(highest) - at(lowest) > FLATTENED * (at(high) - at(low));
  if (!isFlat) return { low: lowest, high: highest };
  return { low, high, above: high < highest ? highest : undefined, below: low > lowest ? lowest : undefined };
}

const least = (values: number[]): number => values.reduce((a, b) => Math.min(a, b));
const most = (values: number[]): number => values.reduce((a, b) => Math.max(a, b));

const rareIn = (count: number): number => (count < FEWEST ? 0 : Math.max(1, Math.floor(RARE * count)));

/** Whether there are so many values at either end of the whole range that no outliers flatten the others: that is seen without sorting them. */
function fillBothEnds(all: number[][], lowest: number, highest: number, log: boolean): boolean {
  const part = (share: number) => (log ? lowest * (highest / lowest) ** share : lowest + (highest - lowest) * share);
  const [low, high] = [part(1 / FLATTENED), part(1 - 1 / FLATTENED)];
  const isFilled = (isThere: (value: number) => boolean) =>
    all.some((values) => {
      let left = rareIn(values.length);
      return values.some((value) => isThere(value) && left-- === 0);
    });
  return isFilled((value) => value < low) && isFilled((value) => value > high);
}

/** The index of the highest place that is not an outlier's. */
function usual(places: Float64Array): number {
  const sorted = places.slice().sort();
  const count = sorted.length;
  const rare = rareIn(count);
  let limit = sorted[count - 1 - rare];
  const apart = APART * (limit - sorted[rare]);
  for (let i = count - rare; i < count; i++) {
    if (sorted[i] - limit > apart && areOutliers(places, limit)) break;
    limit = sorted[i];
  }
  return places.indexOf(limit);
}

/** Whether the places beyond a limit are of the first steps, or few in a row, and none of them is of the last steps. */
function areOutliers(places: Float64Array, limit: number): boolean {
  const count = places.length;
  const [early, late] = [RARE * count, count - Math.max(2, LATE * count)];
  for (let i = 0; i < count; i++) {
    if (places[i] <= limit) continue;
    const first = i;
    while (i + 1 < count && places[i + 1] > limit) i++;
    if (i >= late || (i >= early && i - first + 1 > Math.max(2, IN_A_ROW * count))) return false;
  }
  return true;
}
