import { multiples, niceAbove } from "./axes";
import { lowerBound } from "./column";
import type { Curve } from "./curve";
import { tickLabels } from "./format";
import type { State } from "./protocol";
import { ended } from "./requests";
import type { XScale } from "./x_scale";

export interface Ticks {
  /** Where they are on the axis. */
  at: number[];
  labels: string[];
  unit: string;
}

/** What runs along the bottom of a plot. */
export interface XAxis extends XScale {
  /** Where it ends, like its ticks not in steps but in what it shows. */
  readonly end: number;
  readonly goal: Goal | undefined;
  /** `most` is the number of labels that there is room for. */
  ticks(from: number, to: number, most: number): Ticks;
  /** What it tells of a step, if it is not the step itself. */
  told(step: number): string;
}

/** What a run has done of what is planned. */
export interface Goal {
  done: number;
  planned: number;
  unit: "epochs" | "steps";
}

const NEAR = 3; // the planned end is on the axis once a third is done
const FEWEST = 8; // steps of an axis that does not reach to the planned end

/** The least of 2, 3, 4, 6, 8, 12, 16, … that is not below `size`. */
export function byHalves(size: number): number {
  const power = 2 ** Math.ceil(Math.log2(size));
  return 0.75 * power >= size && power > 2 ? 0.75 * power : power;
}

/** The x axis by step, that all plots share: the steps done, those still to come, and where epochs end. */
export class StepAxis implements XAxis {
  /** Whether its ticks are steps, also where epochs are known. */
  isPlain = false;
  readonly start: number;
  readonly end: number;
  private step: Float64Array;
  private epoch: Float64Array;
  private perEpoch: number;
  private epochs: number;
  /** How far the run is to go, if that is so far away that the axis does not reach there. */
  readonly goal: Goal | undefined;

  constructor(
    epochs: Curve,
    readonly last: number,
    state: State | null,
  ) {
    this.step = epochs.step.values;
    this.epoch = epochs.value.values;
    this.perEpoch = state?.batches ?? this.lastWholeEpoch();
    this.epochs = state?.epochs ?? (this.epoch.length ? this.current + 1 : 1);
    this.start = this.step.length ? this.step[0] - 1 : 0;
    const planned = ended(state) ? NaN : this.boundary(this.epochs);
    this.goal = NEAR * (last - this.start) < planned - this.start ? this.goalOf(state, last, planned) : undefined;
    this.end = Math.max(last, this.start + 1, this.goal ? this.grown(last) : Number.isFinite(planned) ? planned : 0);
  }

  private goalOf(state: State | null, last: number, planned: number): Goal {
    if (typeof state?.epochs === "number") return { done: (state.epoch ?? 0) + 1, planned: state.epochs, unit: "epochs" };
    return { done: last, planned: Math.round(planned), unit: "steps" };
  }

  /** Where the axis ends as long as the goal is far: at whole epochs if there are several, and rarely anywhere else than before. */
  private grown(last: number): number {
    const done = last - this.start;
    const unit = done > this.perEpoch ? this.perEpoch : 1;
    return this.start + unit * byHalves(Math.max(done / unit, unit > 1 ? 2 : FEWEST));
  }

  toX(step: number): number {
    return step;
  }

  toStep(x: number): number {
    return x;
  }

  /** How many epochs are done, if epochs are what it shows. */
  told(step: number): string {
    if (this.isPlain || !this.hasEpochs || !this.epoch.length) return "";
    const epoch = this.epoch[Math.max(0, lowerBound(this.step, step + 1) - 1)];
    const [from, to] = [this.boundary(epoch), this.boundary(epoch + 1)];
    const share = Math.min(1, Math.max(0, (step - from) / (to - from))) || 0;
    return `${(epoch + share).toFixed(1)} epochs`;
  }

  /** The ends of epochs if at least two are in view, else round steps. */
  ticks(from: number, to: number, most: number): Ticks {
    const steps = this.epochTicks(from, to, most);
    if (!this.isPlain && this.epochs > 1 && steps.length > 1) {
      return { at: steps.map(([step]) => step), labels: steps.map(([, k]) => String(k)), unit: "epoch" };
    }
    const plain = multiples(Math.max(1, niceAbove((to - from) / Math.min(most, 6))), Math.max(0, from), to);
    return { at: plain, labels: tickLabels(plain, 0), unit: "step" };
  }

  /** Whether there is more than one epoch. */
  get hasEpochs(): boolean {
    return this.epochs > 1;
  }

  private get current(): number {
    return this.epoch[this.epoch.length - 1];
  }

  /** The step at which `k` epochs are over: extrapolated for those to come, NaN if it can't be known. */
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
