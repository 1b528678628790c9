import type { Line } from "./line";

/** A plot that can be copied. */
export interface Copyable {
  readonly box: HTMLElement;
  readonly canvas: HTMLCanvasElement | undefined;
  /** Those that are drawn. */
  readonly lines: Line[];
  csv(): string;
}
