import { Curve } from "./curve";
import { ABSENT, type Peaks } from "./peaks";

/** One layer's row of the heat map, as a curve. */
export class LayerCurve extends Curve {
  private taken = 0;
  private width: number;

  constructor(name: string, readonly peaks: Peaks, private layer: number) {
    super(name);
    this.width = peaks.width;
  }

  /** Takes what the column has got since the last time; its last bucket may have become fuller. */
  take(): void {
    const { peaks, layer } = this;
    if (peaks.width !== this.width) this.restart();
    const values = peaks.level(0);
    for (let bucket = Math.max(0, this.taken - 1); bucket < peaks.step.length; bucket++) {
      const step = peaks.step.at(bucket);
      const value = values[bucket * peaks.layers + layer];
      if (peaks.width > 1) this.hold(step - 1);
      if (value !== ABSENT) this.push(step, value);
    }
    this.taken = peaks.step.length;
  }

  /** A bucket of several rows has its value somewhere up to the next one. */
  private hold(step: number): void {
    if (step > this.step.last!) this.push(step, this.value.last!);
  }

  private restart(): void {
    this.clear();
    this.taken = 0;
    this.width = this.peaks.width;
  }
}
