import { higher } from "./pyramid";

/** One value of several that belong to one step. */
export interface Reduction {
  /** The first value of a step, and the samples that it is of; NaN if that is not known. */
  begin(value: number, samples: number): void;
  /** One more value; returns what they are together. */
  add(value: number, samples: number): number;
}

/** For gradients, whose spikes have to be seen: the highest. */
export class Highest implements Reduction {
  private value = NaN;

  begin(value: number): void {
    this.value = value;
  }

  add(value: number): number {
    return (this.value = higher(this.value, value));
  }
}

/** For metrics: the mean by samples; where these are not all known, each value counts as much as another one. The rule is that of `per_step` in `trainbook/run/tables.py`. */
export class Mean implements Reduction {
  private count = 0;
  private sum = 0;
  private samples = 0;
  private weighted = 0;

  begin(value: number, samples: number): void {
    this.count = this.sum = this.samples = this.weighted = 0;
    this.add(value, samples);
  }

  add(value: number, samples: number): number {
    this.count++;
    this.sum += value;
    this.samples += samples;
    if (samples !== 0) this.weighted += samples * value; // a batch of no samples has no mean
    if (this.count === 1) return value; // to the last digit
    return this.samples > 0 ? this.weighted / this.samples : this.sum / this.count;
  }
}
