import { type Classes, classColor } from "./classes";
import type { Content } from "./media_files";
import { addLabel, LABEL, placeOf } from "./media_tiles";
import { addSvg, textOf } from "./media_view";
import type { MediaEvent } from "./protocol";

interface Box {
  /** As shares of the width and height of its image. */
  at: [x0: number, y0: number, x1: number, y1: number];
  label?: string;
  score?: number;
}

const MOST_BOXES = 200; // in an image
const LETTER = 6.5; // px, of a label
const ROOMY = 160; // px, of an image in which labels don't lie over each other; in smaller ones they are tooltips

/** The boxes of each image on a sheet. */
export const boxesIn = (content: Content): Box[][] => JSON.parse(textOf(content));

/** The names of the classes of boxes, each once. */
export const labelsOf = ({ count = 1 }: MediaEvent, images: Box[][]): string[] =>
  [...new Set(images.slice(0, count).flatMap((boxes) => boxes.slice(0, MOST_BOXES).flatMap(({ label }) => label ?? [])))].sort();

/** Boxes with their labels over the images of a sheet. `pixel` is how large one of the screen is. What is outside of an image is cut off: it would lie on another one. */
export function addBoxes(svg: SVGElement, item: MediaEvent, images: Box[][], labels: string[], classes: Classes, pixel: number): void {
  const { width = 1, height = 1, count = 1 } = item;
  images.slice(0, count).forEach((boxes, i) => {
    const [left, top] = placeOf(item, i);
    for (const { at, label, score } of boxes.slice(0, MOST_BOXES)) {
      const [x0, y0, x1, y1] = at.map((share) => Math.min(1, Math.max(0, share)));
      if (x1 <= x0 || y1 <= y0) continue;
      const [x, y] = [left + x0 * width, top + y0 * height];
      const [w, h] = [(x1 - x0) * width, (y1 - y0) * height];
      addSvg(svg, "path", { d: `M${x} ${y}h${w}v${h}h${-w}z`, class: "media-halo" });
      const rect = addSvg(svg, "rect", { x, y, width: w, height: h, class: "media-box" });
      rect.style.setProperty("--c", classColor(label === undefined ? 1 : classes.of(label, labels)));
      const words = [label ?? "", score === undefined ? "" : score.toFixed(2)].filter(Boolean).join(" ");
      if (words) addSvg(rect, "title").textContent = words;
      if (!words || width < ROOMY * pixel) continue;
      const isAtRight = x + words.length * LETTER * pixel > left + width;
      const above = y - 3 * pixel;
      const place = isAtRight ? left + x1 * width - 2 * pixel : x + 2 * pixel;
      addLabel(svg, words, place, above < top + LABEL * pixel ? y + LABEL * pixel : above, pixel, isAtRight ? "end" : "start");
    }
  });
}
