import { addBoxes, boxesIn, labelsOf } from "./media_boxes";
import type { LegendEntry } from "./media_legend";
import { addRegions, addWords, coverMissing } from "./media_tiles";
import { addSvg, contentOf, type Looks, type MediaView, nameOf, newSvg } from "./media_view";
import type { MediaEvent } from "./protocol";

/** A picture or a sheet of them, with masks and boxes over it. All of it is one SVG, so that what lies over a pixel stays there. */
export class ImageView implements MediaView {
  element = newSvg("media-image");
  private drawn = "";
  private entries: LegendEntry[] = [];

  show(item: MediaEvent, looks: Looks): boolean {
    const content = contentOf(item.file, looks.files);
    const mask = looks.hasMasks && item.mask ? contentOf(item.mask, looks.files) : undefined;
    const boxes = looks.hasBoxes && item.boxes ? contentOf(item.boxes, looks.files) : undefined;
    if (!content) return false;
    const [width, height] = sizeOf(item);
    const { clientWidth, clientHeight } = this.element;
    const fit = Math.min(clientWidth / width, clientHeight / height) || 1;
    const { factor, x, y } = looks.isLarge ? looks.zoom : { factor: 1, x: 0.5, y: 0.5 };
    // The part of the picture that is seen has the proportions of the place that it is seen in.
    const [w, h] = [clientWidth / fit / factor, clientHeight / fit / factor];
    this.element.setAttribute("viewBox", `${x * width - w / 2} ${y * height - h / 2} ${w} ${h}`);
    const now = JSON.stringify([item.file, mask?.url, !!boxes, fit * factor, looks.isLarge, looks.classes.key]);
    if (now === this.drawn) return true;
    this.drawn = now;
    this.element.setAttribute("aria-label", nameOf(item));
    this.element.replaceChildren();
    const pixel = 1 / (fit * factor);
    addImage(this.element, content.url, width, height, pixel < 1);
    if (mask) addImage(this.element, mask.url, width, height, pixel < 1).setAttribute("class", "media-mask");
    coverMissing(this.element, item);
    addGaps(this.element, item);
    addWords(this.element, item, pixel);
    const found = boxes ? boxesIn(boxes) : [];
    const labels = labelsOf(item, found);
    if (mask && looks.isLarge) addRegions(this.element, item, labels, pixel);
    addBoxes(this.element, item, found, labels, looks.classes, pixel);
    this.entries = legendOf(item, mask ? (item.regions ?? []) : [], labels, looks);
    return true;
  }

  legend = (): LegendEntry[] => this.entries;
}

/** The classes of a mask by their numbers, and those of boxes by their names. */
function legendOf(item: MediaEvent, regions: number[][], labels: string[], { classes }: Looks): LegendEntry[] {
  const found = new Map(regions.map(([number]) => [number, item.labels?.[number] ?? `class ${number}`]));
  for (const label of labels) {
    const number = classes.of(label, labels);
    if (!found.has(number)) found.set(number, label);
  }
  return [...found].map(([number, name]) => ({ number, name })).sort((a, b) => a.number - b.number);
}

const MOST_IMAGES = 4096; // on a sheet of any run

export function sizeOf({ width = 1, height = 1, count = 1, columns = 1 }: MediaEvent): [number, number] {
  if (!width || !height || !count || !columns || count > MOST_IMAGES || columns > count) throw new Error("its sheet makes no sense");
  return [width * columns, height * Math.ceil(count / columns)];
}

function addImage(svg: SVGElement, href: string, width: number, height: number, isPixelated: boolean): SVGImageElement {
  const image = addSvg(svg, "image", { href, width, height, preserveAspectRatio: "none" });
  image.style.imageRendering = isPixelated ? "pixelated" : "auto";
  return image;
}

/** Lines between the images of a sheet. */
function addGaps(svg: SVGElement, item: MediaEvent): void {
  const [width, height] = sizeOf(item);
  let path = "";
  for (let x = item.width ?? width; x < width; x += item.width!) path += `M${x} 0V${height}`;
  for (let y = item.height ?? height; y < height; y += item.height!) path += `M0 ${y}H${width}`;
  if (path) addSvg(svg, "path", { d: path, class: "media-gaps" });
}
