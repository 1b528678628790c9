import { lowerBound } from "./column";
import { multiples, niceAbove } from "./axes";
import { ended, type State } from "./protocol";
import type { Curve } from "./curve";

export interface Ticks {
  steps: number[];
  labels: string[];
  unit: "epoch" | "step";
}

/** The x axis: the steps taken, those still ahead, and where epochs end among them. */
export class Road {
  readonly start: number;
  readonly end: number;
  private step: Float64Array;
  private epoch: Float64Array;
  private perEpoch: number;
  private epochs: number;

  constructor(epochs: Curve, last: number, state: State | null) {
    this.step = epochs.step.values;
    this.epoch = epochs.value.values;
    this.perEpoch = state?.batches ?? this.lastWholeEpoch();
    this.epochs = state?.epochs ?? (this.epoch.length ? this.current + 1 : 1);
    this.start = this.step.length ? this.step[0] - 1 : 0;
    const ahead = ended(state) ? NaN : this.boundary(this.epochs);
    this.end = Math.max(last, this.start + 1, Number.isFinite(ahead) ? ahead : 0);
  }

  /** Epoch ends where at least two are in view, else plain steps. */
  ticks(from: number, to: number, most: number): Ticks {
    const steps = this.epochTicks(from, to, most);
    if (this.epochs > 1 && steps.length > 1) {
      return { steps: steps.map(([step]) => step), labels: steps.map(([, k]) => String(k)), unit: "epoch" };
    }
    const plain = multiples(Math.max(1, niceAbove((to - from) / Math.min(most, 6))), Math.max(0, from), to);
    return { steps: plain, labels: plain.map(stepLabel), unit: "step" };
  }

  private get current(): number {
    return this.epoch[this.epoch.length - 1];
  }

  /** The step at which `k` epochs are over: extrapolated for those ahead, NaN if nobody knows. */
  private boundary(k: number): number {
    if (!this.epoch.length) return k * this.perEpoch;
    if (k <= this.current) return this.step[lowerBound(this.epoch, k)] - 1;
    return this.step[lowerBound(this.epoch, this.current)] - 1 + (k - this.current) * this.perEpoch;
  }

  private lastWholeEpoch(): number {
    if (!this.epoch.length || this.current === this.epoch[0]) return NaN;
    const starts = [this.current - 1, this.current].map((k) => this.step[lowerBound(this.epoch, k)]);
    return starts[1] - starts[0];
  }

  private epochTicks(from: number, to: number, most: number): [step: number, epoch: number][] {
    if (!this.epoch.length) return [];
    const first = this.epoch[Math.min(lowerBound(this.step, from), this.epoch.length - 1)];
    const beyond = Math.floor((to - this.boundary(this.current)) / this.perEpoch);
    const last = Math.min(this.epochs, this.current + Math.max(0, beyond || 0));
    const stride = Math.max(1, niceAbove((last - first) / most || 1));
    return multiples(stride, first, last)
      .map((k): [number, number] => [this.boundary(k), k])
      .filter(([step]) => step >= from && step <= to);
  }
}

/** 20k for 20000, if that is all there is to say. */
function stepLabel(step: number): string {
  if (step >= 1e6 && step % 1e5 === 0) return `${step / 1e6}M`;
  return step >= 1e4 && step % 1e3 === 0 ? `${step / 1e3}k` : String(step);
}
