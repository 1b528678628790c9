/** The part of an axis that most values share: one value a thousand times as large would leave all others on one pixel. */
export function spreadOf(values: Float64Array): [low: number, high: number] {
  const sorted = values.filter(Number.isFinite).sort();
  if (!sorted.length) return [0, 1];
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))];
  const room = MARGIN * (at(0.98) - at(0.02));
  const [low, high] = [Math.max(sorted[0], at(0.02) - room), Math.min(sorted[sorted.length - 1], at(0.98) + room)];
  return low < high ? [low, high] : [sorted[0], sorted[sorted.length - 1]];
}

const MARGIN = 0.6;

/** The places of values from the highest to the lowest. */
export function fromHighest(values: Float32Array): number[] {
  return Array.from(values, (_, place) => place).sort((a, b) => values[b] - values[a] || a - b);
}
