import type { Axis } from "../widget/axes";

const CHARACTER = 6.8; // px

/** Adds an element of SVG; its texts and numbers are attributes, never markup. */
export function svg<K extends keyof SVGElementTagNameMap>(
  parent: Element,
  tag: K,
  attributes: Record<string, string | number> = {},
  text = "",
): SVGElementTagNameMap[K] {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  if (text) element.textContent = text;
  parent.append(element);
  return element;
}

/** A drawing of fixed height, as wide as what it is in. `label` says what is to be seen. */
export function drawing(parent: HTMLElement, width: number, height: number, label: string): SVGSVGElement {
  return svg(parent, "svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label });
}

/** A line at `y` with the labels of an axis below it, as far as they don't overlap. */
export function addAxis(image: SVGSVGElement, { ticks, labels }: Axis, x: (value: number) => number, y: number): void {
  const { width } = image.viewBox.baseVal;
  svg(image, "line", { class: "axis", x1: x(ticks[0]), x2: x(ticks[ticks.length - 1]), y1: y, y2: y });
  let free = Number.NEGATIVE_INFINITY;
  ticks.forEach((tick, i) => {
    const size = labels[i].length * CHARACTER;
    const left = Math.min(width - size, Math.max(0, x(tick) - size / 2));
    if (left < free) return;
    svg(image, "text", { x: left, y: y + 14 }, labels[i]);
    free = left + size + CHARACTER;
  });
}
