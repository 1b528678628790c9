/** Four significant digits, for values that are read at a glance. */
export function brief(value: number): string {
  if (!Number.isFinite(value) || value === 0) return String(value);
  const size = Math.abs(value);
  return size < 1e-4 || size >= 1e6 ? value.toExponential(3) : value.toPrecision(4);
}

/** The value itself, without the digits that a float32 has picked up on its way to float64. */
export const precise = (value: number): string => String(Number(value.toPrecision(7)));

export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number) => String(n).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

export function clock(unixSeconds: number): string {
  return new Date(unixSeconds * 1000).toTimeString().slice(0, 8);
}

/** Two significant digits at the least, as one writes it in code: 0.001, 1.5e-4. */
export function rate(value: number): string {
  const size = Math.abs(value);
  const short = Number(value.toPrecision(3));
  return size > 0 && (size < 1e-3 || size >= 1e4) ? short.toExponential() : String(short);
}

/** A share of one, in percent. */
export function percent(share: number): string {
  if (share > 0 && share < 0.001) return "<0.1 %";
  return `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;
}

export const gigabytes = (bytes: number): string => {
  const size = bytes / 2 ** 30;
  return size.toFixed(size < 99.95 && !Number.isInteger(size) ? 1 : 0);
};

/** How many of something there are in a second. */
export const perSecond = (value: number): string =>
  value < 9.95 ? value.toFixed(1) : Math.round(value).toLocaleString("en-US");
