import { Column } from "./column";
import { decimate, type Frame, type Points } from "./decimate";
import { Extremes } from "./extremes";
import { Highest, type Reduction } from "./reduction";
import { MovingAverage } from "./smooth";

/** Values by step, and their reduction to what can be drawn, whose cost depends on the number of pixels, not on that of values. */
export class Curve {
  readonly step = new Column(Float64Array);
  readonly value = new Column(Float64Array);
  /** Steps whose value is NaN or infinite. */
  readonly nonFinite = new Column(Float64Array);
  /** Of the finite values before the last one, which may change. */
  private range = { lowest: Infinity, highest: -Infinity };
  private logExtremes = new Extremes(0);
  private linearExtremes = new Extremes();
  private average: MovingAverage | undefined;

  /** `reduction` makes one value of those that belong to one step. */
  constructor(
    readonly name: string,
    private reduction: Reduction = new Highest(),
  ) {}

  /** `samples` are those that the value is of; NaN if that is not known. */
  push(step: number, value: number, samples = NaN): void {
    if (step === this.step.last) {
      this.setLast(this.reduction.add(value, samples));
      return;
    }
    this.range = { lowest: this.lowest, highest: this.highest };
    this.reduction.begin(value, samples);
    this.step.push(step);
    this.value.push(value);
    this.noteNonFinite(step, value);
  }

  /** Of the finite values, like `highest`. */
  get lowest(): number {
    return Math.min(this.range.lowest, finiteOr(this.value.last, Infinity));
  }

  get highest(): number {
    return Math.max(this.range.highest, finiteOr(this.value.last, -Infinity));
  }

  clear(): void {
    [this.step, this.value, this.nonFinite].forEach((column) => column.clear());
    this.range = { lowest: Infinity, highest: -Infinity };
    this.logExtremes.forget(0);
    this.linearExtremes.forget(0);
    this.average = undefined;
  }

  /** What is drawn of the values in view. */
  points(frame: Frame): Points {
    return decimate(this.step.values, this.value.values, this.extremes(frame.log), frame);
  }

  /** What is drawn of their moving average over a window of steps: a line two pixels wide, so every other column is enough. */
  smoothed(frame: Frame, window: number): Points {
    if (this.average?.window !== window) this.average = new MovingAverage(window);
    const { average } = this;
    average.take(this.step.values, this.value.values);
    return decimate(this.step.values, average.values.values, average.extremes(frame.log), {
      ...frame,
      columns: Math.ceil(frame.columns / 2),
    });
  }

  private extremes(log: boolean): Extremes {
    const extremes = log ? this.logExtremes : this.linearExtremes;
    extremes.take(this.value.values);
    return extremes;
  }

  private setLast(now: number): void {
    const last = this.value.length - 1;
    const before = this.value.at(last);
    if (Object.is(now, before)) return;
    this.value.set(last, now);
    this.logExtremes.forget(last);
    this.linearExtremes.forget(last);
    this.noteNonFinite(this.step.at(last), now);
  }

  private noteNonFinite(step: number, value: number): void {
    const { nonFinite } = this;
    if (nonFinite.last === step) nonFinite.resize(nonFinite.length - 1);
    if (!Number.isFinite(value)) nonFinite.push(step);
  }
}

const finiteOr = (value: number | undefined, other: number): number => (Number.isFinite(value) ? value! : other);
