import type uPlot from "uplot";
import type { Points } from "./decimate";
import { addButton, setAttribute, write } from "./dom";
import { short } from "./format";
import "./outliers.css";
import type { Range } from "./robust_range";

const DISTANCE = 9; // px; closer triangles would merge

/** Tells that values lie beyond the ends of the y axis, by triangles there and by a button that shows them. */
export class Outliers {
  showsAll = false;
  private button: HTMLButtonElement;

  constructor(box: HTMLElement, changed: () => void) {
    this.button = addButton(box, "outliers", "", () => {
      this.showsAll = !this.showsAll;
      changed();
    });
    this.button.hidden = true;
  }

  attach(plot: uPlot): void {
    plot.over.after(this.button);
  }

  /** Takes what is left out, or would be. */
  show({ above, below }: Pick<Range, "above" | "below">): void {
    const { button, showsAll } = this;
    button.hidden = above === undefined && below === undefined;
    setAttribute(button, "aria-pressed", showsAll);
    const beyond = [below === undefined ? [] : `down to ${short(below)}`, above === undefined ? [] : `up to ${short(above)}`].flat();
    write(button, showsAll ? "hide outliers" : `show all, ${beyond.join(" and ")}`);
    button.title = showsAll ? "Fit the axis to the usual values" : "Outliers are beyond the axis, marked by triangles at its edge";
  }

  dispose(): void {
    this.button.remove();
  }
}

/** Triangles that point to where the values of a curve leave the plot. */
export function drawOutliers(plot: uPlot, { x, y }: Points, { min, max }: { min: number; max: number }, fill: string): void {
  const { ctx, bbox } = plot;
  const px = devicePixelRatio;
  ctx.save();
  ctx.fillStyle = fill;
  const last = { above: -Infinity, below: -Infinity };
  x.forEach((step, i) => {
    const value = y[i];
    if (value === null || (value >= min && value <= max)) return;
    const side = value > max ? "above" : "below";
    const at = plot.valToPos(step, "x", true);
    if (at < bbox.left || at > bbox.left + bbox.width || at - last[side] < DISTANCE * px) return;
    last[side] = at;
    const [edge, inwards] = side === "above" ? [bbox.top, px] : [bbox.top + bbox.height, -px];
    ctx.beginPath();
    ctx.moveTo(at - 5 * px, edge + 6 * inwards);
    ctx.lineTo(at, edge - 2 * inwards);
    ctx.lineTo(at + 5 * px, edge + 6 * inwards);
    ctx.fill();
  });
  ctx.restore();
}
