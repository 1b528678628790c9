type Rgb = [red: number, green: number, blue: number];

/** Viridis: from dark to light in even steps of lightness, and readable without telling red from green. */
const STOPS: Rgb[] = [
  [68, 1, 84],
  [70, 50, 126],
  [54, 92, 141],
  [39, 127, 142],
  [31, 161, 135],
  [74, 193, 109],
  [160, 218, 57],
  [253, 231, 37],
];
const SHADES = 256;

export const gradient = `linear-gradient(90deg, ${STOPS.map((stop) => `rgb(${stop.join(" ")})`).join(", ")})`;

/** One pixel of an image, in the byte order of the machine. */
export type Pixel = number;

const RAMP: Pixel[] = Array.from({ length: SHADES }, (_, i) => pixel(...shade(i / (SHADES - 1))));

/**
 * The pixels of values on a logarithmic scale between two powers of ten, by the upper half of a value's float32 bits:
 * a logarithm for each cell of a map would take longer than all the rest. That is exact to 1 %.
 */
export function palette([low, high]: [number, number], zero: Pixel, nonFinite: Pixel): Uint32Array {
  const perDecade = (SHADES - 1) / (high - low);
  return byUpperHalf((value) => (value === 0 ? zero : ramp((Math.log10(value) - low) * perDecade)), nonFinite);
}

/** The same of shares of one, on a linear scale. */
export const sharesPalette = (nonFinite: Pixel): Uint32Array => byUpperHalf((value) => ramp(value * (SHADES - 1)), nonFinite);

const ramp = (at: number): Pixel => RAMP[Math.min(Math.max(Math.round(at), 0), SHADES - 1)];

function byUpperHalf(pixelOfValue: (value: number) => Pixel, nonFinite: Pixel): Uint32Array {
  const bits = new Uint32Array(1);
  const value = new Float32Array(bits.buffer);
  return Uint32Array.from({ length: 1 << 16 }, (_, half) => {
    bits[0] = half << 16;
    if (!Number.isFinite(value[0])) return nonFinite;
    return value[0] < 0 ? 0 : pixelOfValue(value[0]);
  });
}

/** The pixel of a CSS colour written as #rrggbb or #rgb. */
export function pixelOf(css: string): Pixel {
  const digits = css.length === 4 ? css.replace(/[0-9a-f]/gi, "$&$&") : css;
  const rgb = parseInt(digits.slice(1), 16);
  return pixel(rgb >> 16, (rgb >> 8) & 255, rgb & 255);
}

function shade(t: number): Rgb {
  const at = t * (STOPS.length - 1);
  const i = Math.min(Math.floor(at), STOPS.length - 2);
  return STOPS[i].map((a, k) => Math.round(a + (STOPS[i + 1][k] - a) * (at - i))) as Rgb;
}

function pixel(red: number, green: number, blue: number): Pixel {
  return new Uint32Array(new Uint8Array([red, green, blue, 255]).buffer)[0];
}
