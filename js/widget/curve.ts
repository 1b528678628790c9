import { Column, lowerBound } from "./column";
import { Extremes } from "./extremes";
import { higher } from "./pyramid";
import { Ema } from "./smooth";

export interface Points {
  x: number[];
  /** null where the line is interrupted. */
  y: (number | null)[];
}

/** The stretch of steps to draw, on so many pixel columns. */
export interface Frame {
  from: number;
  to: number;
  columns: number;
  log: boolean;
}

/** Values by step, and what can be seen of them: that costs as much as there are pixels, not as there are values. */
export class Curve {
  readonly step = new Column(Float64Array);
  readonly value = new Column(Float64Array);
  /** Steps whose value is NaN or infinite. */
  readonly broken = new Column(Float64Array);
  /** Of the finite values. */
  lowest = Infinity;
  highest = -Infinity;
  private onLog = new Extremes((value) => value > 0 && value < Infinity);
  private onLinear = new Extremes(Number.isFinite);

  constructor(readonly name: string) {}

  /** Of several values of one step, as several optimizers give them, the highest counts. */
  push(step: number, value: number): void {
    if (step === this.step.last) {
      this.raise(value);
      return;
    }
    this.step.push(step);
    this.value.push(value);
    this.note(step, value);
  }
  clear(): void {
    [this.step, this.value, this.broken].forEach((column) => column.clear());
    this.lowest = Infinity;
    this.highest = -Infinity;
    this.onLog.forget(0);
    this.onLinear.forget(0);
  }

  /**
   * At most two points for each pixel column: the lowest and the highest, in the order they occurred. Never a mean,
   * so a spike of a single step survives. One point more on either side lets the line run out of the picture.
   */
  points({ from, to, columns, log }: Frame): Points {
    const points: Points = { x: [], y: [] };
    const extremes = this.extremes(log);
    const [step, value] = [this.step.values, this.value.values];
    const perColumn = (to - from) / columns;
    const [first, end] = this.inView(from, to);
    for (let i = first; i < end; ) {
      const column = Math.floor((step[i] - from) / perColumn);
      const next = Math.min(end, Math.max(i + 1, lowerBound(step, from + (column + 1) * perColumn, i)));
      const { low, high } = extremes.between(i, next);
      if (low < 0) push(points, step[i], null);
      else {
        push(points, step[Math.min(low, high)], value[Math.min(low, high)]);
        if (low !== high) push(points, step[Math.max(low, high)], value[Math.max(low, high)]);
      }
      i = next;
    }
    return points;
  }

  /** The moving average. Where a pixel column holds many values it is taken over their means, or it would be as noisy as they are. */
  smoothed({ from, to, columns, log }: Frame, beta: number): Points {
    const points: Points = { x: [], y: [] };
    const extremes = this.extremes(log);
    const [first, end] = this.inView(from, to);
    const level = Math.max(0, Math.ceil(Math.log2((end - first) / columns)));
    const ema = new Ema(beta);
    const begin = first >> level;
    for (let bucket = Math.max(0, begin - ema.memory); bucket << level < end; bucket++) {
      const mean = ema.next(extremes.mean(level, bucket));
      const last = Math.min(this.step.length, (bucket + 1) << level) - 1;
      if (bucket >= begin) push(points, this.step.at(last), Number.isFinite(mean) ? mean : null);
    }
    return points;
  }

  private inView(from: number, to: number): [first: number, end: number] {
    const step = this.step.values;
    return [Math.max(0, lowerBound(step, from) - 1), Math.min(step.length, lowerBound(step, to) + 1)];
  }

  private extremes(log: boolean): Extremes {
    const extremes = log ? this.onLog : this.onLinear;
    extremes.take(this.value.values);
    return extremes;
  }

  private raise(value: number): void {
    const last = this.value.length - 1;
    const before = this.value.at(last);
    const now = higher(before, value);
    if (Object.is(now, before)) return;
    this.value.set(last, now);
    this.onLog.forget(last);
    this.onLinear.forget(last);
    if (Number.isFinite(before)) this.note(this.step.at(last), now);
  }

  private note(step: number, value: number): void {
    if (!Number.isFinite(value)) {
      this.broken.push(step);
      return;
    }
    this.lowest = Math.min(this.lowest, value);
    this.highest = Math.max(this.highest, value);
  }
}

function push(points: Points, x: number, y: number | null): void {
  points.x.push(x);
  points.y.push(y);
}
