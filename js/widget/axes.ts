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

/** Ends are snapped to round numbers, so that an axis rests while the curve grows. */
export function valueAxis(low: number, high: number, log: boolean): Axis {
  return (log && logAxis(low, high)) || linearAxis(low, high);
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
