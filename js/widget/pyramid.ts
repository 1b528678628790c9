/** A row of buckets, each of which summarizes two of the level below. */
export interface Level<Below> {
  resize(buckets: number): void;
  /** Computes the buckets from `first` on: bucket `i` from the buckets `2 * i` and `2 * i + 1` of the level below, which has `count` of them. */
  fold(below: Below, first: number, count: number): void;
}

/**
 * Levels of coarser and coarser buckets over a growing row of values, so that a plot is drawn from about as many
 * buckets as it has pixels, however many values there are. The last bucket of a level may be half full.
 */
export class Pyramid<Base, Above extends Level<Base | Above>> {
  readonly above: Above[] = [];

  constructor(private makeLevel: () => Above) {}

  /** Computes the buckets again that hold values from `changed` on. */
  fold(base: Base, count: number, changed: number): void {
    let below: Base | Above = base;
    for (let k = 0; count > 1; k++) {
      const level = (this.above[k] ??= this.makeLevel());
      const buckets = (count + 1) >> 1;
      changed >>= 1;
      level.resize(buckets);
      level.fold(below, changed, count);
      [below, count] = [level, buckets];
    }
  }
}

/** The maximum, where NaN counts as the highest value, so that it is seen at every level. */
export const higher = (a: number, b: number): number => (b > a || Number.isNaN(b) ? b : a);
