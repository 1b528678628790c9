import { lowerBound } from "./column";

/** Where steps lie on the x axis: both directions, neither of which ever goes back. */
export interface XScale {
  toX(step: number): number;
  toStep(x: number): number;
}

export const BY_STEP: XScale = { toX: (step) => step, toStep: (x) => x };

/** A scale by values that were recorded at steps and never fall; between them, and after the last one, it is straight. */
export class RecordedScale implements XScale {
  private slope: number;

  /** Before the first step, it comes from an origin in a straight line. */
  constructor(
    private step: Float64Array,
    private value: Float64Array,
    private origin = { step: step[0], x: value[0] },
  ) {
    const last = step.length - 1;
    this.slope = (value[last] - value[0]) / (step[last] - step[0]);
  }

  toX(step: number): number {
    const { origin } = this;
    return along(this.step, this.value, step, this.slope, origin.step, origin.x);
  }

  toStep(x: number): number {
    const { origin } = this;
    return along(this.value, this.step, x, 1 / this.slope, origin.x, origin.step);
  }
}

/** The value at a position: before the first one on the way from the origin, after the last one further with a slope. */
function along(positions: Float64Array, values: Float64Array, at: number, slope: number, origin: number, start: number): number {
  const last = positions.length - 1;
  if (at >= positions[last]) return values[last] + (at - positions[last]) * slope;
  const i = lowerBound(positions, at);
  const [from, value] = i ? [positions[i - 1], values[i - 1]] : [origin, start];
  if (at <= from) return value;
  return value + ((at - from) / (positions[i] - from)) * (values[i] - value);
}
