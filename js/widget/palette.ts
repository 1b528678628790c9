type Rgb = [red: number, green: number, blue: number];

/** From dark to light in even steps of lightness, which also those tell apart who do not see red and green. */
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
export function palette([low, high]: [number, number], zero: Pixel, broken: Pixel): Uint32Array {
  const perDecade = (SHADES - 1) / (high - low);
  const bits = new Uint32Array(1);
  const value = new Float32Array(bits.buffer);
  return Uint32Array.from({ length: 1 << 16 }, (_, half) => {
    bits[0] = half << 16;
    if (!Number.isFinite(value[0])) return broken;
    if (half === 0) return zero;
    if (value[0] < 0) return 0;
    const i = Math.round((Math.log10(value[0]) - low) * perDecade);
    return RAMP[Math.min(Math.max(i, 0), SHADES - 1)];
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
