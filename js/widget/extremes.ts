import { Column } from "./column";
import { Pyramid, type Level } from "./pyramid";

/** Where the lowest and the highest value of a stretch are; -1 if none of its values can be drawn. */
export interface Extent {
  low: number;
  high: number;
}

/** What is known of buckets: for each, where its extremes are among all values, and the mean of those that are drawn. */
interface Summary {
  lowAt(bucket: number): number;
  highAt(bucket: number): number;
  meanOf(bucket: number): number;
}

/** The lowest, the highest and the mean of any stretch of a growing column, at a cost that hardly grows with it. */
export class Extremes {
  private values: Float64Array = new Float64Array(0);
  private folded = 0;
  private pyramid = new Pyramid<Summary, Buckets>(() => new Buckets((i) => this.values[i]));
  private single: Summary;

  constructor(drawable: (value: number) => boolean) {
    const at = (i: number) => (drawable(this.values[i]) ? i : -1);
    this.single = { lowAt: at, highAt: at, meanOf: (i) => (drawable(this.values[i]) ? this.values[i] : NaN) };
  }

  /** Takes what the column has got since the last time. */
  take(values: Float64Array): void {
    this.values = values;
    if (this.folded === values.length) return;
    this.pyramid.fold(this.single, values.length, this.folded);
    this.folded = values.length;
  }

  /** The values from `first` on are no longer what they were. */
  forget(first: number): void {
    this.folded = Math.min(this.folded, first);
  }

  /** The extremes of the values from `first` to before `last`. */
  between(first: number, last: number): Extent {
    const found = { low: -1, high: -1 };
    for (let k = 0; first < last; k++) {
      if (first & 1) this.include(found, this.level(k), first++);
      if (last & 1) this.include(found, this.level(k), --last);
      first >>= 1;
      last >>= 1;
    }
    return found;
  }

  /** The mean of the `bucket`th of all stretches of 2 ** `level` values; NaN if none can be drawn. */
  mean(level: number, bucket: number): number {
    return this.level(level).meanOf(bucket);
  }

  private level(k: number): Summary {
    return k ? this.pyramid.above[k - 1] : this.single;
  }

  private include(found: Extent, level: Summary, bucket: number): void {
    const low = level.lowAt(bucket);
    const high = level.highAt(bucket);
    if (low < 0) return;
    if (found.low < 0 || this.values[low] < this.values[found.low]) found.low = low;
    if (found.high < 0 || this.values[high] > this.values[found.high]) found.high = high;
  }
}

class Buckets implements Level<Summary>, Summary {
  private low = new Column(Int32Array);
  private high = new Column(Int32Array);
  private mean = new Column(Float64Array);

  constructor(private value: (index: number) => number) {}

  lowAt(bucket: number): number {
    return this.low.at(bucket);
  }

  highAt(bucket: number): number {
    return this.high.at(bucket);
  }

  meanOf(bucket: number): number {
    return this.mean.at(bucket);
  }

  resize(buckets: number): void {
    [this.low, this.high, this.mean].forEach((column) => column.resize(buckets));
  }

  fold(below: Summary, at: number, paired: boolean): void {
    const [left, right] = [2 * at, paired ? 2 * at + 1 : 2 * at];
    const { value } = this;
    this.low.set(at, better(below.lowAt(left), below.lowAt(right), (a, b) => value(a) <= value(b)));
    this.high.set(at, better(below.highAt(left), below.highAt(right), (a, b) => value(a) >= value(b)));
    this.mean.set(at, middle(below.meanOf(left), below.meanOf(right)));
  }
}

function better(a: number, b: number, isFirst: (a: number, b: number) => boolean): number {
  if (a < 0 || b < 0) return Math.max(a, b);
  return isFirst(a, b) ? a : b;
}

/** Both halves weigh the same, also where one holds fewer values. */
function middle(a: number, b: number): number {
  if (Number.isNaN(a)) return b;
  return Number.isNaN(b) ? a : (a + b) / 2;
}
