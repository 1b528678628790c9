import { brief, percent, precise } from "./format";
import type { ValueRange } from "./layer_maxima";
import { type Pixel, palette, sharesPalette } from "./palette";

/** How values are shown: as colours, as text, along an axis. */
export interface Scale {
  palette(range: ValueRange, zero: Pixel, nonFinite: Pixel): Uint32Array;
  /** What stands at both ends of the colours. */
  ends(range: ValueRange): [low: string, high: string];
  /** Whether zero has a colour of its own, as it has no place between the others. */
  hasZero: boolean;
  /** All digits, and those that are read at a glance. */
  precise(value: number): string;
  brief(value: number): string;
  isLog: boolean;
}

/** Sizes of any magnitude. */
export const SIZES: Scale = {
  palette: ({ decades }, zero, nonFinite) => palette(decades, zero, nonFinite),
  ends: ({ decades: [low, high] }) => [`1e${low}`, `1e${high}`],
  hasZero: true,
  precise,
  brief,
  isLog: true,
};

const share = (value: number): string => (value > 0 && Number.isFinite(value) ? percent(value) : value === 0 ? "0 %" : brief(value));

/** Shares of one. */
export const SHARES: Scale = {
  palette: (_, __, nonFinite) => sharesPalette(nonFinite),
  ends: () => ["0", "100 %"],
  hasZero: false,
  precise: share,
  brief: share,
  isLog: false,
};

/** Something that is measured of each layer, or of all of them. */
export interface Measure {
  column: string;
  title: string;
  button: string;
  /** What it is, for who has not met it. */
  says: string;
  scale: Scale;
  /** What is told of a layer without a value. */
  absent: string;
  /** Whether it is of all layers together: a curve, and no map. */
  isTotal?: boolean;
}
