import { lowerBound } from "./column";
import type { Curve } from "./curve";
import type { Span } from "./viewport";

const MOST = 3000; // dots; more would hide each other
const BINS = 40;

/** A curve's values in view, with their steps. */
function inView({ step, value }: Curve, [from, to]: Span): [step: Float64Array, value: Float64Array] {
  const [first, end] = [lowerBound(step.values, from), lowerBound(step.values, to + 1e-9)];
  return [step.values.subarray(first, end), value.values.subarray(first, end)];
}

/** Dots, and the step of each. */
export interface Dots {
  x: number[];
  y: number[];
  step: number[];
}

/** One metric against another: at each step the value of the one, and the last one of the other until then. At most so many dots, evenly chosen. */
export function scatter(curve: Curve, against: Curve, span: Span): Dots {
  const [steps, values] = inView(curve, span);
  const stride = Math.max(1, Math.ceil(steps.length / MOST));
  const dots: [x: number, y: number, step: number][] = [];
  for (let i = steps.length - 1; i >= 0; i -= stride) {
    const at = lowerBound(against.step.values, steps[i] + 1e-9) - 1;
    if (at >= 0 && Number.isFinite(values[i]) && Number.isFinite(against.value.at(at)))
      dots.push([against.value.at(at), values[i], steps[i]]);
  }
  dots.sort((a, b) => a[0] - b[0]);
  return { x: dots.map(([x]) => x), y: dots.map(([, y]) => y), step: dots.map(([, , step]) => step) };
}

/** How often the values of each curve came, in bins of one width over the range of all. The last edge ends the last bin. */
export function histogram(curves: Curve[], span: Span): { edges: number[]; counts: number[][] } {
  const values = curves.map((curve) => inView(curve, span)[1]);
  let [low, high] = [Infinity, -Infinity];
  for (const column of values) {
    for (const value of column) {
      if (!Number.isFinite(value)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  if (low > high) return { edges: [], counts: curves.map(() => []) };
  if (low === high) [low, high] = [low - (Math.abs(low) / 10 || 0.5), high + (Math.abs(high) / 10 || 0.5)];
  const width = high / BINS - low / BINS; // a difference of both could overflow
  const counts = values.map((column) => {
    const count = new Array<number>(BINS).fill(0);
    for (const value of column) if (Number.isFinite(value)) count[Math.min(BINS - 1, Math.floor((value - low) / width))]++;
    return count;
  });
  return { edges: Array.from({ length: BINS + 1 }, (_, i) => low * (1 - i / BINS) + high * (i / BINS)), counts };
}
