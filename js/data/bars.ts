import { type Axis, valueAxis } from "../widget/axes";
import { addAxis, drawing, svg } from "./svg";

const WIDTH = 220;
const HEIGHT = 84;
const FOOT = 16; // px below the bars
const LINE = 16; // px of a value's line

/** How often a value was found before and after, for each bin or each of some values; empty if there is none. */
interface Sides {
  before: number[];
  after: number[];
}

interface Look {
  width?: number;
  height?: number;
  axis?: Axis;
}

/** Grey bars before, a blue outline after. */
export function drawBins(
  parent: HTMLElement,
  { before, after, bins }: Sides & { bins: number[] },
  label: string,
  { width = WIDTH, height = HEIGHT, axis = valueAxis(bins[0], bins[bins.length - 1], false) }: Look = {},
): void {
  const image = drawing(parent, width, height, label);
  const x = (value: number) => 8 + ((value - axis.min) / (axis.max - axis.min)) * (width - 16);
  const floor = height - FOOT;
  const most = highest(before, after);
  const y = (count: number) => floor - (count / most) * (floor - 4);
  before.forEach((count, i) => {
    svg(image, "rect", {
      class: "known",
      x: x(bins[i]),
      y: y(count),
      width: Math.max(0, x(bins[i + 1]) - x(bins[i]) - 0.5),
      height: floor - y(count),
    });
  });
  const steps = after.map((count, i) => `V${y(count)}H${x(bins[i + 1])}`).join("");
  if (after.length) svg(image, "path", { class: "outline", d: `M${x(bins[0])} ${floor}${steps}V${floor}` });
  addAxis(image, axis, x, floor);
}

/** A line for each value, with two bars. */
export function drawValues(
  parent: HTMLElement,
  { before, after, values }: Sides & { values: string[] },
  label: string,
  { width = WIDTH }: Look = {},
): void {
  const image = drawing(parent, width, Math.max(1, values.length) * LINE, label);
  const most = highest(before, after);
  values.forEach((value, i) => {
    const top = i * LINE;
    const bar = (count: number) => (count / most) * (width / 2 - 8);
    svg(image, "text", { x: 0, y: top + 11 }, value ? truncated(value) : "missing");
    if (before.length) svg(image, "rect", { class: "known", x: width / 2, y: top + 1, width: bar(before[i]), height: 6 });
    if (after.length) svg(image, "rect", { class: "now", x: width / 2, y: top + 8, width: bar(after[i]), height: 5 });
  });
}

const highest = (before: number[], after: number[]): number => Math.max(...before, ...after) || 1;

const truncated = (text: string): string => (text.length > 15 ? `${text.slice(0, 14)}…` : text);
