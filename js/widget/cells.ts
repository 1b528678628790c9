import { lowerBound } from "./column";
import { ABSENT, type LayerMaxima } from "./layer_maxima";
import { higher } from "./pyramid";
import type { Span } from "./viewport";

/** The pixel columns of a heat map, and which buckets each of them shows. */
export class Cells {
  readonly level: number;
  private first: Int32Array;
  private last: Int32Array;
  private values: Float32Array;

  constructor(
    readonly maxima: LayerMaxima,
    span: Span,
    readonly columns: number,
  ) {
    const [from, to] = span;
    this.level = maxima.levelFor(from, to, columns);
    this.values = maxima.level(this.level);
    this.first = new Int32Array(columns);
    this.last = new Int32Array(columns);
    this.assign(span);
  }

  isEmpty(column: number): boolean {
    return this.first[column] === this.last[column];
  }

  /** Whether a column shows the same buckets as the one before it. */
  continues(column: number): boolean {
    return column > 0 && this.first[column] === this.first[column - 1] && this.last[column] === this.last[column - 1];
  }

  /** The highest value of each layer in a column. */
  read(column: number, into: Float32Array): void {
    into.fill(ABSENT);
    for (let bucket = this.first[column]; bucket < this.last[column]; bucket++) {
      const row = bucket * into.length;
      for (let layer = 0; layer < into.length; layer++) into[layer] = higher(into[layer], this.values[row + layer]);
    }
  }

  value(column: number, layer: number): number {
    let value = ABSENT;
    for (let bucket = this.first[column]; bucket < this.last[column]; bucket++) {
      value = higher(value, this.values[bucket * this.maxima.layers + layer]);
    }
    return value;
  }

  /** The first and last step of a column. */
  steps(column: number): Span {
    const [first, last] = [this.first[column], this.last[column]];
    const end = this.isWide ? this.step(last) - 1 : this.step(last - 1);
    return [this.step(first), Number.isNaN(end) ? this.maxima.end : end];
  }

  /** The next column to the left or right that shows other buckets. */
  next(column: number, direction: number): number {
    let at = column + direction;
    const isSame = () => this.first[at] === this.first[column] && this.last[at] === this.last[column];
    while (at >= 0 && at < this.columns && isSame()) at += direction;
    return at >= 0 && at < this.columns && !this.isEmpty(at) ? at : column;
  }

  get lastColumn(): number {
    let at = this.columns - 1;
    while (at > 0 && this.isEmpty(at)) at--;
    return at;
  }

  /** Whether a bucket holds several rows; it then reaches from its step to that of the next bucket. */
  private get isWide(): boolean {
    return this.maxima.width << this.level > 1;
  }

  private get count(): number {
    return this.values.length / this.maxima.layers;
  }

  /** The first step of a bucket; NaN beyond the last one. */
  private step(bucket: number): number {
    return this.maxima.step.values[bucket << this.level] ?? NaN;
  }

  private assign([from, to]: Span): void {
    const perColumn = (to - from) / this.columns;
    let bucket = this.firstInView(from);
    for (let column = 0; column < this.columns; column++) {
      const first = bucket;
      const end = from + (column + 1) * perColumn;
      while (this.step(bucket) < end) bucket++;
      // The newest step is at the right edge.
      if (column === this.columns - 1) while (this.step(bucket) <= to) bucket++;
      if (first < bucket) [this.first[column], this.last[column]] = [first, bucket];
      else this.fillGap(column, bucket, end - perColumn / 2);
    }
  }

  /** A bucket that begins before `from` may hold rows after it. */
  private firstInView(from: number): number {
    const begun = lowerBound(this.maxima.step.values, from) - (this.isWide ? 1 : 0);
    return Math.max(0, begun) >> this.level;
  }

  /** A column between two steps shows one of them, with all buckets of that step: each of several optimizers writes a row. */
  private fillGap(column: number, after: number, center: number): void {
    const shown = this.nearestBucket(after, center);
    if (shown === undefined) return;
    const step = this.step(shown);
    [this.first[column], this.last[column]] = [shown, shown + 1];
    while (this.step(this.first[column] - 1) === step) this.first[column]--;
    while (this.step(this.last[column]) === step) this.last[column]++;
  }

  /** The bucket nearest to a step; undefined too far before the first and after the last one. */
  private nearestBucket(after: number, center: number): number | undefined {
    const before = after - 1;
    if (before < 0) return center >= this.step(0) - 0.5 ? 0 : undefined;
    if (after === this.count) return center <= this.maxima.end + this.halfway(before) ? before : undefined;
    if (this.isWide) return before;
    return center - this.step(before) <= this.step(after) - center ? before : after;
  }

  /** Half the distance between a bucket and the one before it. */
  private halfway(bucket: number): number {
    const distance = this.step(bucket) - this.step(bucket - 1);
    return distance > 0 ? distance / 2 : 0.5;
  }
}
