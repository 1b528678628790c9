/** A row of buckets, each of which stands for two of the level below. */
export interface Level<Below> {
  resize(buckets: number): void;
  /** Makes bucket `at` stand for `2 * at` and, unless it is the last one's missing half, `2 * at + 1` below. */
  fold(below: Below, at: number, paired: boolean): void;
}

/**
 * Levels of ever coarser buckets over values that grow at their end, so that a picture is drawn from about as many
 * buckets as it has pixels, however many values there are. The last bucket of a level may be half full.
 */
export class Pyramid<Base, Above extends Level<Base | Above>> {
  readonly above: Above[] = [];

  constructor(private makeLevel: () => Above) {}

  /** Folds anew what stands for the values from `changed` on. */
  fold(base: Base, count: number, changed: number): void {
    let below: Base | Above = base;
    for (let k = 0; count > 1; k++) {
      const level = (this.above[k] ??= this.makeLevel());
      const buckets = (count + 1) >> 1;
      changed >>= 1;
      level.resize(buckets);
      for (let at = changed; at < buckets; at++) level.fold(below, at, 2 * at + 1 < count);
      [below, count] = [level, buckets];
    }
  }
}

/** A NaN is higher than everything: what went wrong once must show at every level. */
export const higher = (a: number, b: number): number => (b > a || b !== b ? b : a);
