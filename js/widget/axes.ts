export interface Axis {
  min: number;
  max: number;
  ticks: number[];
  labels: string[];
}

/** The least of 1, 2, 5, 10, 20, 50 … that is not below `size`. */
export function niceAbove(size: number): number {
  const decade = 10 ** Math.floor(Math.log10(size));
  const factor = [1, 2, 5, 10].find((f) => f * decade >= size * (1 - 1e-9))!;
  return factor * decade;
}

const niceBelow = (size: number): number => 1 / niceAbove(1 / size);

/** Multiples of `increment` from `min` to `max`, free of the dust of repeated addition. */
export function multiples(increment: number, min: number, max: number): number[] {
  const ticks: number[] = [];
  const slack = increment * 1e-6;
  for (let k = Math.ceil((min - slack) / increment); k * increment <= max + slack; k++) {
    ticks.push(Number((k * increment).toPrecision(12)));
  }
  return ticks;
}

/** Beyond these a number has no room for the arithmetic of an axis: its tenth or its decade would be 0 or infinite. */
const LEAST = 1e-300;
const MOST = 1e300;
/** The least width of an axis beside its numbers: in a narrower one, ticks would be closer than neighbouring floats. */
const NARROWEST = 1e-9;

/** Ends are snapped to round numbers, so that an axis rests while the curve grows. */
export function valueAxis(low: number, high: number, log: boolean): Axis {
  const [from, to] = apart(within(low), within(high));
  return (log && from > 0 && logAxis(from, to)) || linearAxis(from, to);
}

const within = (value: number): number =>
  Math.abs(value) < LEAST ? 0 : Math.max(-MOST, Math.min(MOST, value));

/** What is nearly one number is one: means of equal losses differ in their last digit. */
function apart(low: number, high: number): [number, number] {
  return high - low > NARROWEST * Math.max(Math.abs(low), Math.abs(high)) ? [low, high] : [low, low];
}

function linearAxis(low: number, high: number): Axis {
  const pad = high > low ? 0 : Math.abs(low) / 10 || 1;
  const increment = niceAbove((high - low + 2 * pad) / 4);
  const min = Math.floor((low - pad) / increment) * increment;
  const max = Math.ceil((high + pad) / increment) * increment;
  const ticks = multiples(increment, min, max);
  const decimals = Math.max(0, Math.ceil(-Math.log10(increment) - 1e-9));
  const wide = unwieldy(Math.max(Math.abs(min), Math.abs(max)));
  return { min, max, ticks, labels: ticks.map((tick) => (wide ? tickLabel(tick) : tick.toFixed(decimals))) };
}

/** Decades, or 1-2-5 where there are few of them; nothing when the values are too close together for either. */
function logAxis(low: number, high: number): Axis | undefined {
  const margin = 1.06;
  const max = niceAbove(high * margin);
  const min = floorBelow(low / margin, max);
  const [first, last] = [Math.ceil(Math.log10(min) - 1e-9), Math.floor(Math.log10(max) + 1e-9)];
  const fine = oneTwoFive(min, max);
  const decades = multiples(Math.max(1, Math.ceil((last - first) / 5)), first, last).map((k) => Number(`1e${k}`));
  const ticks = decades.length > 2 || fine.length > 6 ? decades : fine;
  return ticks.length > 1 && fine.length > 2 ? { min, max, ticks, labels: ticks.map(tickLabel) } : undefined;
}

/** A decade's line makes the calmest floor, unless it would leave much of the plot empty. */
function floorBelow(low: number, max: number): number {
  const decade = 10 ** Math.floor(Math.log10(low));
  const near = niceBelow(low);
  return Math.log(near / decade) < 0.3 * Math.log(max / decade) ? decade : near;
}

function oneTwoFive(min: number, max: number): number[] {
  const ticks: number[] = [];
  for (let tick = min; tick <= max * (1 + 1e-9); tick = niceAbove(tick * 1.5)) ticks.push(Number(tick.toPrecision(1)));
  return ticks;
}

const unwieldy = (size: number): boolean => size > 0 && (size < 1e-3 || size >= 1e5);

/** As short as can be without saying less: 0.01, 250, 1e-5. */
const tickLabel = (value: number): string =>
  unwieldy(Math.abs(value)) ? value.toExponential().replace("+", "") : String(value);
