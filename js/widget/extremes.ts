import { Column } from "./column";
import { type Level, Pyramid } from "./pyramid";

/** The indices of the lowest and the highest value of a range; -1 if none of its values can be drawn. */
export interface Extent {
  low: number;
  high: number;
}

const BITS = 6;
const BLOCK = 1 << BITS; // values that are looked at one by one: that is faster than to go through further levels

/** Minimum and maximum of any range of a growing column, in logarithmic time. They are asked for each pixel column of each frame. */
export class Extremes {
  private values: Float64Array = new Float64Array(0);
  private folded = 0;
  private blocks = new Buckets();
  private pyramid = new Pyramid<Buckets, Buckets>(() => new Buckets());

  /** What can be drawn is finite and greater than `least`. */
  constructor(private least = -Infinity) {}

  /** Takes the values that are new since the last call. */
  take(values: Float64Array): void {
    this.values = values;
    if (this.folded === values.length) return;
    const first = this.folded >> BITS;
    const count = Math.ceil(values.length / BLOCK);
    this.blocks.resize(count);
    for (let at = first; at < count; at++) this.blocks.set(at, this.scan(at * BLOCK, Math.min(values.length, (at + 1) * BLOCK), none()));
    this.blocks.values = values;
    this.pyramid.fold(this.blocks, count, first);
    this.folded = values.length;
  }

  /** Has to be called if values from `first` on were changed. */
  forget(first: number): void {
    this.folded = Math.min(this.folded, first);
  }

  /** The extremes of the values from `first` to before `last`. */
  between(first: number, last: number): Extent {
    const found = none();
    let [from, to] = [(first + BLOCK - 1) >> BITS, last >> BITS];
    this.scan(first, Math.min(last, from << BITS), found);
    if (from <= to) this.scan(to << BITS, last, found);
    for (let k = 0; from < to; k++) {
      const level = k ? this.pyramid.above[k - 1] : this.blocks;
      if (from & 1) level.include(found, from++);
      if (to & 1) level.include(found, --to);
      from >>= 1;
      to >>= 1;
    }
    return found;
  }

  /** Goes on with some values. */
  private scan(first: number, last: number, found: Extent): Extent {
    const { values, least } = this;
    let { low, high } = found;
    let [lowest, highest] = [low < 0 ? Infinity : values[low], high < 0 ? -Infinity : values[high]];
    for (let i = first; i < last; i++) {
      const value = values[i];
      if (!(value > least && value < Infinity)) continue;
      if (value < lowest) {
        low = i;
        lowest = value;
      }
      if (value > highest) {
        high = i;
        highest = value;
      }
    }
    found.low = low;
    found.high = high;
    return found;
  }
}

const none = (): Extent => ({ low: -1, high: -1 });

/** For each bucket, the indices of its lowest and highest value. */
class Buckets implements Level<Buckets> {
  /** Those that the indices are of. */
  values!: Float64Array;
  private low = new Column(Int32Array);
  private high = new Column(Int32Array);

  resize(buckets: number): void {
    this.low.resize(buckets);
    this.high.resize(buckets);
  }

  set(bucket: number, { low, high }: Extent): void {
    this.low.set(bucket, low);
    this.high.set(bucket, high);
  }

  /** Goes on with a bucket. */
  include(found: Extent, bucket: number): Extent {
    const { values } = this;
    const [low, high] = [this.low.at(bucket), this.high.at(bucket)];
    if (low < 0) return found;
    if (found.low < 0 || values[low] < values[found.low]) found.low = low;
    if (found.high < 0 || values[high] > values[found.high]) found.high = high;
    return found;
  }

  fold(below: Buckets, first: number, count: number): void {
    this.values = below.values;
    for (let at = first; at < this.low.length; at++) {
      const found = below.include(none(), 2 * at);
      this.set(at, 2 * at + 1 < count ? below.include(found, 2 * at + 1) : found);
    }
  }
}
