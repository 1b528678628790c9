import type { Classes } from "./classes";
import type { Content, MediaFiles } from "./media_files";
import type { LegendEntry } from "./media_legend";
import type { MediaEvent } from "./protocol";

/** How something is looked at. */
export interface Looks {
  files: MediaFiles;
  /** Everything that was shown under its name. */
  items: readonly MediaEvent[];
  classes: Classes;
  isLarge: boolean;
  hasMasks: boolean;
  hasBoxes: boolean;
  zoom: Zoom;
}

/** What is seen of a picture: a factor, and the middle as shares of its width and height. */
export interface Zoom {
  factor: number;
  x: number;
  y: number;
}

/** Shows what is of one kind in an element of its own; returns false as long as its file has not come. */
export interface MediaView {
  element: Element;
  show(item: MediaEvent, looks: Looks): boolean;
  /** The classes in what is shown. */
  legend?(): LegendEntry[];
  dispose?(): void;
}

/** The content of an item's file, if it has come; throws if there is none. */
export function contentOf(file: string | undefined, files: MediaFiles): Content | undefined {
  if (file === undefined) throw new Error("it has no file");
  const content = files.get(file);
  if (content?.problem) throw new Error(content.problem);
  return content;
}

export const textOf = ({ bytes }: Content): string => new TextDecoder().decode(bytes);

export const SVG = "http://www.w3.org/2000/svg";

export function addSvg<K extends keyof SVGElementTagNameMap>(
  parent: Element,
  tag: K,
  attributes: Record<string, string | number> = {},
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  parent.append(element);
  return element;
}

export function newSvg(className: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", className);
  svg.setAttribute("role", "img");
  return svg;
}

/** What a screen reader is told of an item. */
export const nameOf = ({ name, step, about, caption }: MediaEvent): string =>
  `${name} at step ${step}${about ? `: ${about}` : ""}${caption ? `. ${caption}` : ""}`;
