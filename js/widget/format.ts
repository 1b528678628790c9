/** The first `most` characters of a text; what is cut off is replaced by an ellipsis. */
export function truncate(text: string, most: number): string {
  if (text.length <= most) return text;
  // By code points, so that no surrogate pair is cut in two: so many code units hold at least one more than `most`.
  const characters = [...text.slice(0, 2 * most + 2)];
  return characters.length > most
    ? `${characters
        .slice(0, most - 1)
        .join("")
        .trimEnd()}…`
    : text;
}

/** A name from outside on one line: without control characters, and without those that reverse the text around it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
export const oneLine = (text: string): string => text.replace(/[\s\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+/g, " ").trim();

/*
 * One notation for all numbers: below 0.001 and from 1e12 on with an exponent, as in code; from 10,000 on with separators; from a million on
 * of four digits, or on an axis, with M or B. The number of a step is a name, and has no separators.
 */

const SMALL = 1e-3;
const SEPARATED = 1e4;
const HUGE = 1e12;

const LARGE = [
  { letter: "B", size: 1e9 },
  { letter: "M", size: 1e6 },
  { letter: "k", size: 1e3 },
];

/** 1.5e-4, without a plus. */
const exponential = (value: number, digits?: number): string => value.toExponential(digits).replace("+", "");

const separated = (value: number): string => value.toLocaleString("en-US", { maximumFractionDigits: 20 });

/** Four significant digits, for values that are read at a glance. */
export function brief(value: number): string {
  const size = Math.abs(Number(value.toPrecision(4)));
  if (!Number.isFinite(value) || value === 0) return String(value);
  if (size < SMALL || size >= HUGE) return exponential(value, 3);
  if (size < SEPARATED) return value.toPrecision(4);
  const large = LARGE.find((one) => size >= one.size)!;
  return large.letter === "k" ? separated(Math.round(value)) : `${(value / large.size).toPrecision(4)}${large.letter}`;
}

/** The same without trailing zeros. */
export const short = (value: number): string =>
  brief(value)
    .replace(/(\.\d*?)0+(?=[eMB]|$)/, "$1")
    .replace(/\.(?=[eMB]|$)/, "");

/** The value itself, without the digits that a float32 has picked up on its way to float64. */
export const precise = (value: number): string => plain(Number.isSafeInteger(value) ? value : Number(value.toPrecision(7)));

function plain(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value) || size < SEPARATED) return size > 0 && size < SMALL ? exponential(value) : String(value);
  return size < HUGE && (size < 1e6 || Number.isInteger(value)) ? separated(value) : exponential(value);
}

/** The labels of ticks, of which the greatest decides: all with as many decimals, or all with the same letter. */
export function tickLabels(ticks: number[], decimals: number): string[] {
  const greatest = Math.max(...ticks.map(Math.abs));
  if (greatest < SMALL || greatest >= HUGE) return ticks.map((tick) => (tick === 0 ? "0" : exponential(tick)));
  if (greatest < SEPARATED) return ticks.map((tick) => tick.toFixed(decimals));
  const compacted = ticks.map(compact);
  if (compacted.every((label) => label !== undefined)) return compacted;
  if (greatest >= 1e6) return ticks.map((tick) => exponential(tick));
  return ticks.map((tick) => tick.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }));
}

/** 20k for 20000, 1.5M for 1500000, if that is exact. */
function compact(value: number): string | undefined {
  const size = Math.abs(value);
  const { letter, size: unit } = LARGE.find((one) => size >= one.size) ?? { letter: "", size: 1 };
  const scaled = Number((value / unit).toPrecision(12));
  return Number.isInteger(scaled * 100) ? `${scaled}${letter}` : undefined;
}

/** The label of a tick by itself, as short as it can be. */
export const tickLabel = (tick: number): string => (Math.abs(tick) >= SEPARATED && Math.abs(tick) < HUGE && compact(tick)) || plain(tick);

export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number) => String(n).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

export function clock(unixSeconds: number): string {
  return new Date(unixSeconds * 1000).toTimeString().slice(0, 8);
}

/** A learning rate: up to three significant digits, as written in code. */
export const rate = (value: number): string => plain(Number(value.toPrecision(3)));

/** A share of one, in percent. */
export function percent(share: number): string {
  if (share > 0 && share < 0.001) return "<0.1 %";
  return `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;
}

export const gigabytes = (bytes: number): string => {
  const size = bytes / 2 ** 30;
  return size.toFixed(size < 99.95 && !Number.isInteger(size) ? 1 : 0);
};

/** A count. */
export const whole = (value: number): string => plain(Math.round(value));

/** How many of something there are in a second. */
export const perSecond = (value: number): string => (value < 9.95 ? value.toFixed(1) : Math.round(value).toLocaleString("en-US"));
