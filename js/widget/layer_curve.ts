import { Curve } from "./curve";
import { ABSENT, type LayerMaxima } from "./layer_maxima";

/** One layer's row of the heat map, as a curve. */
export class LayerCurve extends Curve {
  private taken = 0;
  private width: number;

  constructor(
    name: string,
    readonly maxima: LayerMaxima,
    readonly layer: number,
  ) {
    super(name);
    this.width = maxima.width;
  }

  /** Takes what is new since the last call; the last bucket may have got more rows. */
  take(): void {
    const { maxima, layer } = this;
    if (maxima.width !== this.width) this.restart();
    const values = maxima.level(0);
    for (let bucket = Math.max(0, this.taken - 1); bucket < maxima.step.length; bucket++) {
      const step = maxima.step.at(bucket);
      const value = values[bucket * maxima.layers + layer];
      if (maxima.width > 1) this.hold(step - 1);
      if (value !== ABSENT) this.push(step, value);
    }
    this.taken = maxima.step.length;
  }

  /** The value of a bucket of several rows is drawn up to the next bucket, since its step is not known. */
  private hold(step: number): void {
    if (step > this.step.last!) this.push(step, this.value.last!);
  }

  private restart(): void {
    this.clear();
    this.taken = 0;
    this.width = this.maxima.width;
  }
}
