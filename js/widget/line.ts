import type { Curve } from "./curve";

/** A curve in a chart, and what it looks like. */
export interface Line {
  series: Curve;
  /** The name of a CSS variable. */
  color: string;
  dashed?: boolean;
  /** A window in steps: above 0, its moving average is drawn over a faint curve of the values themselves. */
  smooth: number;
  /** Whether each value is drawn as a dot too, if they are few. */
  dotted: boolean;
  /** The results of "Evaluate now", at any step. */
  evaluated?: Curve;
}
