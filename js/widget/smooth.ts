import { Column } from "./column";
import { Extremes } from "./extremes";
import { whole } from "./format";

/**
 * The exponential moving average over a window of steps, of a curve that grows: pandas' `ewm(span=window).mean()`, with weights that fall by
 * step, so that it is the same whether each step was logged or every tenth, and at every zoom.
 */
export class MovingAverage {
  readonly values = new Column(Float64Array);
  private logExtremes = new Extremes(0);
  private linearExtremes = new Extremes();
  private sum = 0;
  private weight = 0;
  private step = 0;
  /** How many values are averaged for good: all but the last one, which may change. */
  private done = 0;

  /** `window` in steps; a window of 1 leaves each value as it is. */
  constructor(readonly window: number) {}

  /** Takes the values that are new since the last call. */
  take(step: Float64Array, value: Float64Array): void {
    this.values.resize(value.length);
    const keep = 1 - 2 / (this.window + 1);
    const last = value.length - 1;
    for (let i = this.done; i <= last; i++) {
      const { sum, weight, step: before } = this;
      const kept = keep ** (step[i] - before);
      // A NaN or an infinity interrupts the line but is not averaged: otherwise all later values would be NaN.
      const counts = Number.isFinite(value[i]);
      const [nextSum, nextWeight] = [sum * kept + (counts ? value[i] : 0), weight * kept + (counts ? 1 : 0)];
      this.values.set(i, counts ? nextSum / nextWeight : NaN);
      if (i < last) [this.sum, this.weight, this.step] = [nextSum, nextWeight, step[i]];
    }
    [this.logExtremes, this.linearExtremes].forEach((extremes) => extremes.forget(this.done));
    this.done = Math.max(0, value.length - 1);
  }

  extremes(log: boolean): Extremes {
    const extremes = log ? this.logExtremes : this.linearExtremes;
    extremes.take(this.values.values);
    return extremes;
  }
}

const LEAST = 5; // steps; a longer window would lag behind a short run
const SHARE = 50; // short windows in a run

/** Not at all, a little, or much. */
export type Smoothing = 0 | 1 | 2;

/** A window in steps that suits the length of a run; 0 for none. */
export function windowOf(smoothing: Smoothing, steps: number): number {
  return smoothing && roundBelow(Math.max(LEAST, steps / SHARE)) * (smoothing === 2 ? 10 : 1);
}

export const smoothingText = (window: number): string => (window ? `smooth ${whole(window)} steps` : "not smoothed");

/** The greatest of …, 1, 2, 5, 10, … that is not above `size`. */
function roundBelow(size: number): number {
  const decade = 10 ** Math.floor(Math.log10(size));
  return [5, 2, 1].find((factor) => factor * decade <= size)! * decade;
}
