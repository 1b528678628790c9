import type uPlot from "uplot";
import { lowerBound } from "./column";
import type { Points } from "./decimate";
import { truncate } from "./format";

export interface Annotation {
  step: number;
  label: string;
  /** What happened, and who asked for it. */
  sentence?: string;
  /** Where early stopping would have stopped the run if it had been on. */
  isFaint?: boolean;
  /** Where early stopping stopped the run; this can be taken back. */
  isEarlyStop?: boolean;
}

const LANES = 3; // rows of labels
const MOST = 9; // labels in a plot; more would hide the curves
const LONGEST = 24; // characters of a label

/** Dotted vertical lines where commands took effect: at most one a pixel column, with as many labels as there is room for. */
export function drawAnnotations(plot: uPlot, annotations: Annotation[], stroke: string, halo: string, font: string): void {
  const { ctx } = plot;
  clipped(plot, () => {
    ctx.strokeStyle = ctx.fillStyle = stroke;
    ctx.lineWidth = devicePixelRatio;
    const shown = placed(plot, annotations);
    drawVerticalLines(plot, shown);
    ctx.setLineDash([]);
    ctx.strokeStyle = halo;
    ctx.lineWidth = 4 * devicePixelRatio;
    ctx.lineJoin = "round";
    ctx.font = font.replace("11px", `${11 * devicePixelRatio}px`);
    ctx.textBaseline = "top";
    ctx.textAlign = "left";
    drawLabels(plot, shown);
  });
}

type Placed = Annotation & { x: number };

function placed(plot: uPlot, annotations: Annotation[]): Placed[] {
  const { min, max } = plot.scales.x;
  const inView = annotations.filter(({ step }) => step >= min! && step <= max!);
  return inView.map((one) => ({ ...one, x: Math.round(plot.valToPos(one.step, "x", true)) + 0.5 }));
}

function drawVerticalLines({ ctx, bbox }: uPlot, annotations: Placed[]): void {
  const columns = new Map<number, boolean>();
  for (const { x, isFaint = false } of annotations) columns.set(x, isFaint && (columns.get(x) ?? true));
  ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
  columns.forEach((isFaint, x) => {
    ctx.globalAlpha = isFaint ? 0.5 : 1;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  });
}

/** The newest first, each where it overlaps no other; those for which there is no room are left out. */
function drawLabels({ ctx, bbox }: uPlot, annotations: Placed[]): void {
  const gap = 5 * devicePixelRatio;
  const taken: [left: number, right: number][][] = Array.from({ length: LANES }, () => []);
  const widths = new Map<string, number>();
  const drawn = new Set<string>();
  let free = MOST;
  for (let i = annotations.length - 1; i >= 0 && free; i--) {
    const { x, isFaint } = annotations[i];
    const label = truncate(annotations[i].label, LONGEST);
    const width = widths.get(label) ?? ctx.measureText(label).width;
    widths.set(label, width);
    const left = x + gap + width < bbox.left + bbox.width ? x + gap : x - gap - width;
    const lane = taken.findIndex((spans) => spans.every(([from, to]) => left > to + gap || left + width < from - gap));
    if (lane < 0 || drawn.has(`${x} ${label}`)) continue;
    drawn.add(`${x} ${label}`);
    taken[lane].push([left, left + width]);
    ctx.globalAlpha = isFaint ? 0.6 : 1;
    const top = bbox.top + lane * 13 * devicePixelRatio;
    ctx.strokeText(label, left, top);
    ctx.fillText(label, left, top);
    free--;
  }
}

/** Dots with a rim, whole also where they are at an end of the axis. */
export function drawDots(plot: uPlot, { x, y }: Points, radius: number, stroke: string, fill: string, scale: string): void {
  const { ctx } = plot;
  const px = devicePixelRatio;
  const draw = () => {
    ctx.strokeStyle = stroke;
    ctx.fillStyle = fill;
    ctx.lineWidth = 2 * px;
    x.forEach((step, i) => {
      const value = y[i];
      if (value === null) return;
      ctx.beginPath();
      ctx.arc(plot.valToPos(step, "x", true), plot.valToPos(value, scale, true), radius * px, 0, 2 * Math.PI);
      ctx.fill();
      ctx.stroke();
    });
  };
  clipped(plot, draw, (radius + 2) * px);
}

/** Triangles on the x axis for checkpoints. They are not clipped: at the newest step, half of one is outside of the plot. */
export function drawTriangles(plot: uPlot, annotations: Annotation[], fill: string, halo: string): void {
  const { ctx, bbox } = plot;
  const bottom = bbox.top + bbox.height;
  const px = devicePixelRatio;
  ctx.save();
  ctx.fillStyle = fill;
  ctx.strokeStyle = halo;
  ctx.lineWidth = 2 * px;
  ctx.lineJoin = "round";
  for (const { x } of placed(plot, annotations)) {
    ctx.beginPath();
    ctx.moveTo(x - 4 * px, bottom);
    ctx.lineTo(x, bottom - 6 * px);
    ctx.lineTo(x + 4 * px, bottom);
    ctx.stroke();
    ctx.closePath();
    ctx.fill();
  }
  ctx.restore();
}

/** Ticks on the x axis at steps whose value is NaN or infinite: it has no place on the y axis, but must be seen. */
export function drawNonFinite(plot: uPlot, steps: Float64Array[], stroke: string): void {
  const { ctx, bbox } = plot;
  const bottom = bbox.top + bbox.height;
  const { min, max } = plot.scales.x;
  const width = tickWidth(bbox.width / (max! - min!));
  clipped(plot, () => {
    ctx.fillStyle = stroke;
    for (const nonFinite of steps) {
      for (let i = lowerBound(nonFinite, min!); i < nonFinite.length && nonFinite[i] <= max!; ) {
        const x = Math.round(plot.valToPos(nonFinite[i], "x", true));
        ctx.fillRect(x - width / 2, bottom - 7 * devicePixelRatio, width, 7 * devicePixelRatio);
        i = Math.max(i + 1, lowerBound(nonFinite, plot.posToVal(x + 0.5, "x", true), i));
      }
    }
  });
}

/** Where steps are close together, ticks are so wide that they join. */
function tickWidth(perStep: number): number {
  const narrow = 2 * devicePixelRatio;
  return perStep < 2 * narrow ? Math.max(narrow, Math.ceil(perStep)) : narrow;
}

/** The unit of the x axis, in the corner between the two axes. */
export function drawUnit(plot: uPlot, unit: string, fill: string): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.fillStyle = fill;
  ctx.font = (plot.axes[0].font as unknown as string[])[0];
  ctx.textAlign = "right";
  ctx.textBaseline = "top";
  ctx.fillText(unit, bbox.left - 7 * devicePixelRatio, bbox.top + bbox.height + 8 * devicePixelRatio);
  ctx.restore();
}

/** Draws within the plot, and so many pixels above and below it. */
function clipped({ ctx, bbox }: uPlot, draw: () => void, beyond = 0): void {
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left - devicePixelRatio, bbox.top - beyond, bbox.width + 2 * devicePixelRatio, bbox.height + 2 * beyond);
  ctx.clip();
  draw();
  ctx.restore();
}
