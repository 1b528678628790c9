import { add, write } from "./dom";
import type { ValueRange } from "./layer_maxima";
import type { Scale } from "./layer_measure";
import { gradient } from "./palette";

/** The legend of a heat map's colours. */
export class HeatScale {
  private row: HTMLElement;
  private low: HTMLElement;
  private high: HTMLElement;
  private zero: HTMLElement;
  private nonFinite: HTMLElement;

  constructor(parent: HTMLElement) {
    this.row = add(parent, "span", "scale");
    this.nonFinite = add(this.row, "span", "swatch non-finite", "not finite");
    this.zero = add(this.row, "span", "swatch zero", "0");
    this.low = add(this.row, "span", "num");
    add(this.row, "i", "ramp").style.background = gradient;
    this.high = add(this.row, "span", "num");
  }

  show(range: ValueRange | undefined, scale: Scale): void {
    this.row.hidden = !range;
    if (!range) return;
    const [low, high] = scale.ends(range);
    write(this.low, low);
    write(this.high, high);
    this.zero.hidden = !scale.hasZero || !range.hasZero;
    this.nonFinite.hidden = !range.hasNonFinite;
  }
}
