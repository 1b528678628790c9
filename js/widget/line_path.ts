import type uPlot from "uplot";
import type { Points } from "./decimate";

/** The path of a line through some points, which are as few as its pixels are: none of them has to be left out. */
export function pathOf({ bbox, scales }: uPlot, scale: string, { x, y }: Points): uPlot.Series.Paths {
  const log = scales[scale].distr === 3;
  const at = log ? Math.log : (value: number) => value;
  const [left, right] = [scales.x.min!, scales.x.max!];
  const [bottom, top] = [at(scales[scale].min!), at(scales[scale].max!)];
  const [perX, perY] = [bbox.width / (right - left), bbox.height / (top - bottom)];
  const stroke = new Path2D();
  let isInterrupted = true;
  for (let i = 0; i < x.length; i++) {
    const value = y[i];
    if (value !== null) {
      const [px, py] = [bbox.left + (x[i] - left) * perX, bbox.top + (top - at(value)) * perY];
      if (isInterrupted) stroke.moveTo(px, py);
      else stroke.lineTo(px, py);
    }
    isInterrupted = value === null;
  }
  return { stroke };
}
