import type { MediaEvent } from "./protocol";

/** Told apart with a deficiency of colour vision as well, on any picture. The first one is that of class 0. The colours of masks, in nbs/1k, are the same. */
const HUES = [
  [80, 80, 80],
  [230, 159, 0],
  [86, 180, 233],
  [0, 158, 115],
  [240, 228, 66],
  [0, 114, 178],
  [213, 94, 0],
  [204, 121, 167],
  [144, 48, 240],
];
const SHADES: ((value: number) => number)[] = [
  (value) => value,
  (value) => Math.floor(value / 2),
  (value) => 255 - Math.floor((255 - value) / 2),
];

/** The colour of a class in CSS: of eight hues, then of darker and of lighter ones. */
export function classColor(number: number): string {
  const at = Math.max(0, number - 1);
  const hue = number > 0 ? HUES[1 + (at % 8)] : HUES[0];
  return `rgb(${hue.map(SHADES[Math.floor(at / 8) % SHADES.length]).join(" ")})`;
}

/** The number that a class has by its name, the same in all that a run shows. */
export class Classes {
  private numbers = new Map<string, number>();
  /** Differs where the numbers do. */
  readonly key: string;

  /** The items whose `labels` say it. */
  constructor(items: Iterable<MediaEvent>) {
    for (const { labels } of items) {
      labels?.forEach((label, i) => {
        if (!this.numbers.has(label)) this.numbers.set(label, i);
      });
    }
    this.key = JSON.stringify([...this.numbers]);
  }

  /** Of a name that nobody numbered, its place among its `siblings`; a name that is a number is its own. */
  of(label: string, siblings: readonly string[]): number {
    const known = this.numbers.get(label);
    if (known !== undefined) return known;
    return /^\d{1,9}$/.test(label) ? Number(label) : 1 + siblings.indexOf(label);
  }
}
