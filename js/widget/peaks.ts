import { Column, lowerBound } from "./column";
import { higher, Pyramid, type Level } from "./pyramid";

/** Said of a layer that had no gradient in a row. It yields to every value, as every value yields to NaN. */
export const ABSENT = -1;

/** More numbers than these are not kept of a column: its finest level goes, and the next one takes its place. */
const MOST = 8e6;

/** A per-layer column: for every bucket of rows the highest value of each layer. */
export class Peaks {
  /** The rows of the table in a bucket of the finest level. */
  width = 1;
  /** The first step of each bucket of the finest level. */
  step: Column = new Column(Float64Array);
  /** The last step known. */
  end = 0;
  /** Of the table. */
  rows = 0;
  readonly range = new Range();
  private finest: Rows;
  private pyramid: Pyramid<Rows, Rows>;

  constructor(readonly layers: number) {
    this.finest = new Rows(layers);
    this.pyramid = new Pyramid<Rows, Rows>(() => new Rows(layers));
  }

  /** `fold` rows of the table, from `row` on, stand behind each step and its values. */
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

  /** Joins one row of `values` to a bucket, which may be a new one at the end. */
  include(bucket: number, values: Float32Array, row: number): void {
    const { layers, held } = this;
    const from = row * layers;
    if (bucket * layers === held.length) held.append(values.subarray(from, from + layers));
    else highest(held.values, bucket * layers, held.values, bucket * layers, values, from, layers);
  }

  fold(below: Rows, at: number, paired: boolean): void {
    const left = 2 * at * this.layers;
    const right = paired ? left + this.layers : left;
    highest(this.values, at * this.layers, below.values, left, below.values, right, this.layers);
  }
}

function highest(
  out: Float32Array, at: number, a: Float32Array, i: number, b: Float32Array, j: number, count: number,
): void {
  for (const end = at + count; at < end; at++, i++, j++) out[at] = higher(a[i], b[j]);
}

function everySecond(column: Column): Column {
  const half = new Column(Float64Array);
  for (let i = 0; i < column.length; i += 2) half.push(column.at(i));
  return half;
}

/** Between which decades the values lie, and whether some of them have no place on a logarithmic scale. */
export class Range {
  hasZero = false;
  hasBroken = false;
  private highest = 0;
  /** How many values there are of each binary exponent. */
  private counts = new Float64Array(255);

  take(values: Float32Array): void {
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
    for (let i = 0; i < values.length; i++) {
      const exponent = (bits[i] >>> 23) & 255;
      if (exponent === 255) this.hasBroken = true;
      else if (bits[i] === 0) this.hasZero = true;
      else if (values[i] > 0) {
        this.counts[exponent]++;
        if (values[i] > this.highest) this.highest = values[i];
      }
    }
  }

  /** Exponents of ten. The highest value always counts, a few vanishing ones do not: they would pale all others. */
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
