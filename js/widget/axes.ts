import { tickLabel, tickLabels } from "./format";

export interface Axis {
  min: number;
  max: number;
  ticks: number[];
  labels: string[];
}

/** The least of …, 1, 2, 5, 10, 20, 50, … that is not below `size`. */
export function niceAbove(size: number): number {
  const decade = 10 ** Math.floor(Math.log10(size));
  const factor = [1, 2, 5, 10].find((f) => f * decade >= size * (1 - 1e-9))!;
  return factor * decade;
}

const niceBelow = (size: number): number => 1 / niceAbove(1 / size);

/** Multiples of `increment` from `min` to `max`, without the rounding errors of repeated addition. */
export function multiples(increment: number, min: number, max: number): number[] {
  const ticks: number[] = [];
  const slack = increment * 1e-6;
  for (let k = Math.ceil((min - slack) / increment); k * increment <= max + slack; k++) {
    ticks.push(Number((k * increment).toPrecision(12)));
  }
  return ticks;
}

/** Beyond these magnitudes the arithmetic of an axis would overflow or underflow. */
const LEAST = 1e-300;
const MOST = 1e300;
/** The least range of an axis relative to its values: what is narrower is the rounding of 32-bit floats, such as of a norm that is clipped to 0.5. */
const NARROWEST = 1e-6;
/** The least share of an axis that its values fill. */
const FILLED = 0.65;

/**
 * The y axis of values from `low` to `high`, of which NaN means that there are none. Its ends are round numbers, so that they rarely
 * change while a curve grows, but not so round that much of the plot is empty. It has at least two ticks.
 */
export function valueAxis(low: number, high: number, log: boolean): Axis {
  if (!(low <= high)) return valueAxis(0.1, 1, log);
  const [from, to] = distinct(limited(low), limited(high));
  return log && 0 < from && from < to ? logAxis(from, to) : linearAxis(from, to);
}

const limited = (value: number): number => (Math.abs(value) < LEAST ? 0 : Math.max(-MOST, Math.min(MOST, value)));

/** Nearly equal numbers are taken for equal: means of equal losses differ in their last digits. */
function distinct(low: number, high: number): [number, number] {
  return high - low > NARROWEST * Math.max(Math.abs(low), Math.abs(high)) ? [low, high] : [low, low];
}

type Ends = [min: number, max: number];

/** The multiples of `increment` around a range. */
function roundEnds(increment: number, low: number, high: number): Ends {
  const multiple = (k: number) => Number((k * increment).toPrecision(12));
  return [Math.min(low, multiple(Math.floor(low / increment + 1e-9))), Math.max(high, multiple(Math.ceil(high / increment - 1e-9)))];
}

const evenAxis = ([min, max]: Ends, increment: number): Axis => ({ min, max, ...evenTicks(min, max, increment) });

function linearAxis(low: number, high: number): Axis {
  const pad = high > low ? 0 : Math.abs(low) / 10 || 1;
  const [from, to] = [low - pad, high + pad];
  const wide = niceAbove((to - from) / 4);
  const [min, max] = roundEnds(wide, from, to);
  const increment = to - from < FILLED * (max - min) ? niceBelow((to - from) / 4) : wide;
  return evenAxis(roundEnds(increment, from, to), increment);
}

/** Ticks at the multiples of `increment`, with as many decimals as that needs. */
export function evenTicks(min: number, max: number, increment: number): Pick<Axis, "ticks" | "labels"> {
  const ticks = multiples(increment, min, max);
  const decimals = Math.max(0, Math.ceil(-Math.log10(increment) - 1e-9));
  return { ticks, labels: tickLabels(ticks, decimals) };
}

/** Ticks at powers of ten; at 1, 2, 5 where these are few; at equal distances where these are few, too. */
function logAxis(low: number, high: number): Axis {
  const isFilled = ([min, max]: Ends) => min > 0 && Math.log(high / low) >= FILLED * Math.log(max / min);
  const ends = GRIDS.map(({ below, above }): Ends => [Math.min(low, below(low)), Math.max(high, above(high))]).find(isFilled);
  if (ends) return logTicks(ends) ?? evenAxis(ends, niceAbove((ends[1] - ends[0]) / 5));
  let increment = niceAbove((high - low) / 4);
  while (!isFilled(roundEnds(increment, low, high))) increment = niceBelow(increment * 0.6);
  const even = roundEnds(increment, low, high);
  return logTicks(even) ?? evenAxis(even, increment);
}

/** Powers of ten; 1, 2, 5, 10, …; 1, 2, 3, …, 9, 10, 20, … */
const GRIDS = [
  { below: (size: number) => power(Math.floor(log10(size))), above: (size: number) => power(Math.ceil(log10(size))) },
  { below: niceBelow, above: niceAbove },
  { below: (size: number) => digit(size, Math.floor), above: (size: number) => digit(size, Math.ceil) },
];

const power = (exponent: number): number => Number(`1e${exponent}`);

/** Exact for powers of ten. */
function log10(size: number): number {
  const exponent = Math.log10(size);
  return Math.abs(exponent - Math.round(exponent)) < 1e-9 ? Math.round(exponent) : exponent;
}

function digit(size: number, rounded: (size: number) => number): number {
  const decade = power(Math.floor(log10(size)));
  return rounded(Number((size / decade).toPrecision(12))) * decade;
}

function logTicks([min, max]: Ends): Axis | undefined {
  const [first, last] = [Math.ceil(log10(min)), Math.floor(log10(max))];
  const decades = multiples(Math.max(1, Math.ceil((last - first) / 5)), first, last).map(power);
  const ticks = decades.length > 2 ? decades : oneTwoFive(min, max);
  return ticks.length > 2 ? { min, max, ticks, labels: ticks.map(tickLabel) } : undefined;
}

function oneTwoFive(min: number, max: number): number[] {
  const ticks: number[] = [];
  for (let tick = niceAbove(min); tick <= max * (1 + 1e-9); tick = niceAbove(tick * 1.5)) ticks.push(Number(tick.toPrecision(1)));
  return ticks;
}

/** The axis with so many of its ticks that labels of a height in px do not touch; where fewer than three have room, those at its ends. */
export function thinned(axis: Axis, height: number, label: number, log: boolean): Axis {
  const { min, max, ticks } = axis;
  const at = (value: number) => height * (log ? Math.log(value / min) / Math.log(max / min) : (value - min) / (max - min));
  for (let stride = 1; 2 * stride < ticks.length; stride++) {
    const kept = ticks.filter((_, i) => i % stride === 0);
    if (kept.every((tick, i) => i === 0 || at(tick) - at(kept[i - 1]) >= label)) {
      return { ...axis, ticks: kept, labels: trimmed(axis.labels.filter((_, i) => i % stride === 0)) };
    }
  }
  const ends = [ticks[0], ticks[ticks.length - 1]];
  return { ...axis, ticks: ends, labels: ends.map(tickLabel) };
}

/** Without decimals that are zero in all of them. */
const trimmed = (labels: string[]): string[] =>
  labels.every((label) => /\.\d*0$/.test(label)) ? trimmed(labels.map((label) => label.replace(/\.?0$/, ""))) : labels;
