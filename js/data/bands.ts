/** How dark each pixel of a strip is, 0 to 1, where several bands share a pixel: their mean, but never so light that a hole is not seen. */
export function pixelsOf(bands: Uint8Array, width: number): Float32Array {
  const found = new Float32Array(width);
  for (let x = 0; x < width; x++) {
    const [first, end] = bandsAt(x, width, bands.length);
    let sum = 0;
    for (let band = first; band < end; band++) sum += bands[band];
    const mean = sum / (255 * (end - first));
    found[x] = mean > 0 ? Math.max(mean, LEAST) : 0;
  }
  return found;
}

const LEAST = 0.25;

/** The bands that a pixel stands for, at least one. */
export function bandsAt(x: number, width: number, bands: number): [first: number, end: number] {
  const first = Math.min(bands - 1, Math.floor((x * bands) / width));
  return [first, Math.max(first + 1, Math.min(bands, Math.floor(((x + 1) * bands) / width)))];
}

/** The band under a pixel that is worth a click: the one with most holes. */
export function bandAt(bands: Uint8Array, x: number, width: number): number {
  const [first, end] = bandsAt(x, width, bands.length);
  let best = first;
  for (let band = first + 1; band < end; band++) if (bands[band] > bands[best]) best = band;
  return best;
}

/** The next band with a hole in a direction; the one where it was if there is none. */
export function nextHole(bands: Uint8Array, from: number, by: 1 | -1): number {
  for (let band = from + by; band >= 0 && band < bands.length; band += by) if (bands[band]) return band;
  return from;
}
