import { Column } from "./column";

/** From the value before, the one before that in the source, and the newest of both: what never falls. */
export type Rise = (risen: number, i: number, step: Float64Array, value: Float64Array) => number;

/** Values that never fall, made from a curve that grows: its highest so far, its sum, the time it took. */
export class Rising {
  readonly values = new Column(Float64Array);
  /** How many values are there for good: all but the last one, which may change. */
  private done = 0;
  private last = NaN;

  constructor(private rise: Rise) {}

  /** Takes the values that are new since the last call; all of them again if others came before. */
  take(step: Float64Array, value: Float64Array): Float64Array {
    if (this.done > step.length || (this.done && step[this.done - 1] !== this.last)) this.done = 0;
    this.values.resize(step.length);
    for (let i = this.done; i < step.length; i++) this.values.set(i, this.rise(i ? this.values.at(i - 1) : 0, i, step, value));
    this.done = Math.max(0, step.length - 1);
    this.last = this.done ? step[this.done - 1] : NaN;
    return this.values.values;
  }
}

/** The highest value so far. */
export const highest: Rise = (risen, i, _, value) => (i ? Math.max(risen, value[i] || risen) : value[i]);

/** The sum, in which a value also counts for the steps since the one before it. */
export const sum: Rise = (risen, i, step, value) => risen + value[i] * (i ? step[i] - step[i - 1] : 1);
