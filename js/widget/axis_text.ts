import type uPlot from "uplot";
import { oneLine, truncate, whole } from "./format";
import type { Side } from "./sides";
import type { Goal, Ticks } from "./step_axis";

const CHARACTER = 6.7; // px, of the font of the axes
const WIDE = 320; // px of a plot that has room for the whole sentence
const NARROW = 200; // px of a plot that has room for any of it

/** How far the run goes beyond the end of the axis. */
export function goalText({ done, planned, unit }: Goal, width: number): string {
  if (width < NARROW) return "";
  return width < WIDE ? `of ${whole(planned)} →` : `${whole(done)} of ${whole(planned)} ${unit} →`;
}

/** Whether the unit of the axis has room in the corner between the axes; else it stands at the axis' right end. */
export const isShort = (unit: string): boolean => unit.length <= 5;

/** The labels of the x axis that leave room for a text at its right end; the others are empty. */
export function besideEnd(plot: uPlot, { at, labels }: Ticks, end: string): string[] {
  // The width that is laid out just now; the element itself follows later.
  const width = plot.bbox.width / devicePixelRatio;
  const { min, max } = plot.scales.x;
  const right = (i: number) => (width * (at[i] - min!)) / (max! - min!) + (CHARACTER * labels[i].length) / 2;
  return labels.map((label, i) => (end && right(i) > width - CHARACTER * end.length ? "" : label));
}

export function drawEnd({ ctx, bbox, axes }: uPlot, end: string, fill: string): void {
  ctx.save();
  ctx.fillStyle = fill;
  ctx.font = (axes[0].font as unknown as string[])[0];
  ctx.textAlign = "right";
  ctx.textBaseline = "top";
  ctx.fillText(end, bbox.left + bbox.width + 10 * devicePixelRatio, bbox.top + bbox.height + 8 * devicePixelRatio);
  ctx.restore();
}

/** The names of the lines that go by an axis, above it, where there are two axes. */
export function drawCaption({ ctx, bbox, axes, width }: uPlot, side: Side, names: string, fill: string): void {
  const px = devicePixelRatio;
  const isLeft = side === "left";
  ctx.save();
  ctx.fillStyle = fill;
  ctx.font = (axes[0].font as unknown as string[])[0];
  ctx.textAlign = side;
  ctx.textBaseline = "bottom";
  const room = Math.floor(width / 2 / CHARACTER) - 4;
  ctx.fillText(truncate(oneLine(names), room), isLeft ? 2 * px : width * px - 2 * px, bbox.top - 8 * px);
  ctx.restore();
}
