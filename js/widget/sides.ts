/** Which y axis a line goes by. */
export type Side = "left" | "right";

/** The values of a line; infinities the wrong way round, or NaN, if it has none. */
export interface Extent {
  low: number;
  high: number;
}

const APART = 30; // so many times larger, values make those of another line flat

/**
 * The y axis of each of some lines: where they are parted by a wide gap, those that are not with the first line go by the axis at the right.
 * On a linear axis their sizes count, on a logarithmic one how far it is from the highest value of some to the lowest one of the others.
 */
export function sidesOf(lines: Extent[], log: boolean): Side[] {
  const size = ({ low, high }: Extent) => Math.max(Math.abs(low), Math.abs(high));
  const known = lines.filter(({ low, high }) => low <= high && size({ low, high }) > 0 && (low > 0 || !log));
  const sorted = known.sort((a, b) => size(a) - size(b));
  let [cut, widest] = [0, APART];
  let below = 0;
  for (let i = 1; i < sorted.length; i++) {
    below = Math.max(below, size(sorted[i - 1]));
    const nearest = log ? Math.min(...sorted.slice(i).map(({ low }) => low)) : size(sorted[i]);
    if (nearest / below > widest) [cut, widest] = [i, nearest / below];
  }
  if (!cut) return lines.map(() => "left");
  const large = sorted.slice(cut);
  const isFirstLarge = large.includes(lines.find((line) => sorted.includes(line))!);
  return lines.map((line) => (sorted.includes(line) && large.includes(line) !== isFirstLarge ? "right" : "left"));
}
