import { Column, lowerBound } from "./column";
import { higher, type Level, Pyramid } from "./pyramid";

/** Marks a layer without a gradient in a row. It is lower than every value, so it never hides one. */
export const ABSENT = -1;

/** The most numbers in the finest level of a column. Beyond that the level is dropped, and the next one takes its place. */
const MOST = 8e6;

/** A column with a value for each layer, reduced to the highest value of each layer in every bucket of rows. */
export class LayerMaxima {
  /** How many rows of the table are in a bucket of the finest level. */
  width = 1;
  /** The first step of each bucket of the finest level. */
  step: Column = new Column(Float64Array);
  /** The last step known. */
  end = 0;
  /** The number of rows of the table. */
  rows = 0;
  readonly range = new ValueRange();
  private finest: Rows;
  private pyramid: Pyramid<Rows, Rows>;

  constructor(readonly layers: number) {
    this.finest = new Rows(layers);
    this.pyramid = new Pyramid<Rows, Rows>(() => new Rows(layers));
  }

  /** Each step and its values are those of `fold` rows of the table, from `row` on. */
  append(row: number, fold: number, steps: Float64Array, values: Float32Array): void {
    while (this.width < fold) this.coarsen();
    const changed = Math.floor(row / this.width);
    if (steps.length) [this.end, this.rows] = [steps[steps.length - 1], row + steps.length * fold];
    for (let i = 0; i < steps.length; i++) {
      const bucket = Math.floor((row + i * fold) / this.width);
      if (bucket === this.step.length) this.step.push(steps[i]);
      this.finest.include(bucket, values, i);
    }
    this.range.take(values);
    this.pyramid.fold(this.finest, this.step.length, changed);
    while (this.step.length * this.layers > MOST) this.coarsen();
  }

  /** The values of all buckets, one layer beside the other; a bucket of level k holds 2 ** k of level 0. */
  level(k: number): Float32Array {
    return (k ? this.pyramid.above[k - 1] : this.finest).values;
  }

  /** The finest level that has no more than about two buckets for each of `columns` between two steps. */
  levelFor(from: number, to: number, columns: number): number {
    const steps = this.step.values;
    const buckets = lowerBound(steps, to) - lowerBound(steps, from);
    return Math.max(0, Math.floor(Math.log2(buckets / columns)));
  }

  private coarsen(): void {
    this.finest = this.pyramid.above.shift() ?? new Rows(this.layers);
    this.step = everySecond(this.step);
    this.width *= 2;
  }
}

class Rows implements Level<Rows> {
  private held: Column<Float32Array> = new Column(Float32Array);

  constructor(private layers: number) {}

  get values(): Float32Array {
    return this.held.values;
  }

  resize(buckets: number): void {
    this.held.resize(buckets * this.layers);
  }

  /** Adds one row of `values` to a bucket, which may be a new one at the end. */
  include(bucket: number, values: Float32Array, row: number): void {
    const { layers, held } = this;
    const from = row * layers;
    if (bucket * layers === held.length) held.append(values.subarray(from, from + layers));
    else highest(held.values, bucket * layers, held.values, bucket * layers, values, from, layers);
  }

  fold(below: Rows, first: number, count: number): void {
    const { layers, values } = this;
    for (let at = first; at * layers < values.length; at++) {
      const left = 2 * at * layers;
      const right = 2 * at + 1 < count ? left + layers : left;
      highest(values, at * layers, below.values, left, below.values, right, layers);
    }
  }
}

function highest(out: Float32Array, at: number, a: Float32Array, i: number, b: Float32Array, j: number, count: number): void {
  for (const end = at + count; at < end; at++, i++, j++) out[at] = higher(a[i], b[j]);
}

function everySecond(column: Column): Column {
  const half = new Column(Float64Array);
  for (let i = 0; i < column.length; i += 2) half.push(column.at(i));
  return half;
}

/** The decades of the values, and whether there are zeros or non-finite ones, which have no place on a logarithmic scale. */
export class ValueRange {
  hasZero = false;
  hasNonFinite = false;
  private highest = 0;
  /** The number of values of each binary exponent. */
  private counts = new Float64Array(255);

  take(values: Float32Array): void {
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
    for (let i = 0; i < values.length; i++) {
      const exponent = (bits[i] >>> 23) & 255;
      if (exponent === 255) this.hasNonFinite = true;
      else if (bits[i] === 0) this.hasZero = true;
      else if (values[i] > 0) {
        this.counts[exponent]++;
        if (values[i] > this.highest) this.highest = values[i];
      }
    }
  }

  /** Exponents of ten. The highest value is always included; the lowest percent is not, or it would take up most of the colours. */
  get decades(): [low: number, high: number] {
    const high = this.highest ? Math.ceil(Math.log10(this.highest)) : 0;
    return [Math.min(this.low(), high - 1), high];
  }

  private low(): number {
    const few = 0.01 * this.counts.reduce((sum, count) => sum + count, 0);
    let below = 0;
    const exponent = this.counts.findIndex((count) => (below += count) > few);
    return exponent < 0 ? 0 : Math.floor((exponent - 127) * Math.log10(2));
  }
}
