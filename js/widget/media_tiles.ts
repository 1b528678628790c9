import { addSvg } from "./media_view";
import type { MediaEvent } from "./protocol";

export const LABEL = 11; // px, of letters over a picture
const ROOM = 40; // px, of an image that has room for a word

/** Where the image of a number begins on its sheet. */
export function placeOf({ width = 1, height = 1, columns = 1 }: MediaEvent, i: number): [left: number, top: number] {
  return [(i % columns) * width, Math.floor(i / columns) * height];
}

/** Words over a picture, as large on the screen at any zoom. */
export function addLabel(svg: SVGElement, words: string, x: number, y: number, pixel: number, anchor = "start"): void {
  const text = addSvg(svg, "text", { x, y, class: "media-label", "text-anchor": anchor });
  text.setAttribute("font-size", String(LABEL * pixel));
  text.setAttribute("stroke-width", String(3 * pixel));
  text.textContent = words;
}

/** The places of a sheet without an image are none of it. */
export function coverMissing(svg: SVGElement, item: MediaEvent): void {
  const { width = 1, height = 1, count = 1, columns = 1 } = item;
  for (let i = count; i % columns; i++) {
    const [x, y] = placeOf(item, i);
    addSvg(svg, "rect", { x, y, width, height, class: "media-none" });
  }
}

/** A cross and a word on images without any content, which would look like a fault. */
export function addWords(svg: SVGElement, item: MediaEvent, pixel: number): void {
  const { width = 1, height = 1, count = 1, words = [] } = item;
  words.slice(0, count).forEach((word, i) => {
    if (!word) return;
    const [x, y] = placeOf(item, i);
    addSvg(svg, "path", { d: `M${x} ${y}l${width} ${height}m0 ${-height}l${-width} ${height}`, class: "media-cross" });
    if (width > ROOM * pixel) addLabel(svg, word, x + width / 2, y + height / 2 + (LABEL / 3) * pixel, pixel, "middle");
  });
}

/** The names of the regions of a mask, but for those that a box names. */
export function addRegions(svg: SVGElement, item: MediaEvent, named: readonly string[], pixel: number): void {
  const { width = 1, height = 1, count = 1, columns = 1, labels, regions = [] } = item;
  const rows = Math.ceil(count / columns);
  for (const [number, x, y] of regions) {
    const name = labels?.[number] ?? String(number);
    if (y === undefined || width < 2 * ROOM * pixel || named.includes(name)) continue;
    addLabel(svg, name, x * width * columns, y * height * rows + (LABEL / 3) * pixel, pixel, "middle");
  }
}
