import type { Annotation } from "./annotations";
import type { Line } from "./line";
import type { Mark } from "./looked";
import type { XAxis } from "./step_axis";
import type { Span } from "./viewport";

/** What a chart is to show. */
export interface Scene {
  lines: Line[];
  xAxis: XAxis;
  /** The steps in view. */
  span: Span;
  log: boolean;
  /** Whether outliers that would flatten all other values are left out, until one asks for them. */
  robust?: boolean;
  /** Whether lines of very different size have an axis each, also where nothing is left out. */
  twoAxes?: boolean;
  annotations?: Annotation[];
  checkpoints?: Annotation[];
  /** The steps that a person looks at elsewhere. */
  marks?: Mark[];
  /** Lines whose values the hover card shows, but which are not drawn. */
  hoverOnly?: Line[];
  /** The width of the labels at the left in px, if it has to be the same as in another plot. */
  gutter?: number;
  /** The same for the right, where several axes are below each other. */
  rightGutter?: number;
  /** Without an x axis, if a plot above has the same one. */
  bare?: boolean;
  /** Of the plots whose crosshairs move together. */
  group?: string;
}
