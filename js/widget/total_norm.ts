import { ABSENT } from "./layer_maxima";
import { Series } from "./series";

/** The norm of all gradients of one optimizer. The rows of the others hold none. */
export class TotalNorm extends Series {
  push(step: number, value: number, samples = NaN): void {
    if (value !== ABSENT) super.push(step, value, samples);
  }
}
