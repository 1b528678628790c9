import { add, write } from "./dom";
import { gradient } from "./palette";
import type { Range } from "./peaks";

/** What the colours of a heat map mean. */
export class HeatScale {
  private row: HTMLElement;
  private low: HTMLElement;
  private high: HTMLElement;
  private zero: HTMLElement;
  private broken: HTMLElement;

  constructor(parent: HTMLElement) {
    this.row = add(parent, "span", "scale");
    this.broken = add(this.row, "span", "swatch broken", "not finite");
    this.zero = add(this.row, "span", "swatch zero", "0");
    this.low = add(this.row, "span", "num");
    add(this.row, "i", "ramp").style.background = gradient;
    this.high = add(this.row, "span", "num");
  }

  show(range: Range | undefined): void {
    this.row.hidden = !range;
    if (!range) return;
    const [low, high] = range.decades;
    write(this.low, `1e${low}`);
    write(this.high, `1e${high}`);
    this.zero.hidden = !range.hasZero;
    this.broken.hidden = !range.hasBroken;
  }
}
