import type uPlot from "uplot";
import { lowerBound } from "./column";
import type { Points } from "./curve";

export interface Mark {
  step: number;
  label: string;
  /** What would have happened. */
  isFaint?: boolean;
}

const LANES = 3; // labels one above the other
const MOST = 9; // labels; more would hide the curves
const LONGEST = 24; // letters

/** Dotted uprights where a command came into force: one a pixel column, and as many labels as there is room for. */
export function drawMarks(plot: uPlot, marks: Mark[], stroke: string, halo: string, font: string): void {
  const { ctx } = plot;
  within(plot, () => {
    ctx.strokeStyle = ctx.fillStyle = stroke;
    ctx.lineWidth = devicePixelRatio;
    const shown = marksInView(plot, marks);
    drawUprights(plot, shown);
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

type Placed = Mark & { x: number };

function marksInView(plot: uPlot, marks: Mark[]): Placed[] {
  const { min, max } = plot.scales.x;
  const inView = marks.filter(({ step }) => step >= min! && step <= max!);
  return inView.map((mark) => ({ ...mark, x: Math.round(plot.valToPos(mark.step, "x", true)) + 0.5 }));
}

function drawUprights({ ctx, bbox }: uPlot, marks: Placed[]): void {
  const columns = new Map<number, boolean>();
  for (const { x, isFaint = false } of marks) columns.set(x, isFaint && (columns.get(x) ?? true));
  ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
  columns.forEach((isFaint, x) => {
    ctx.globalAlpha = isFaint ? 0.5 : 1;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  });
}

/** From the newest on, each where no other label is; those for which there is no room are left out. */
function drawLabels({ ctx, bbox }: uPlot, marks: Placed[]): void {
  const gap = 5 * devicePixelRatio;
  const taken: [left: number, right: number][][] = Array.from({ length: LANES }, () => []);
  const widths = new Map<string, number>();
  const told = new Set<string>();
  let free = MOST;
  for (let i = marks.length - 1; i >= 0 && free; i--) {
    const { x, isFaint } = marks[i];
    const label = marks[i].label.slice(0, LONGEST);
    const width = widths.get(label) ?? ctx.measureText(label).width;
    widths.set(label, width);
    const left = x + gap + width < bbox.left + bbox.width ? x + gap : x - gap - width;
    const lane = taken.findIndex((spans) => spans.every(([from, to]) => left > to + gap || left + width < from - gap));
    if (lane < 0 || told.has(`${x} ${label}`)) continue;
    told.add(`${x} ${label}`);
    taken[lane].push([left, left + width]);
    ctx.globalAlpha = isFaint ? 0.6 : 1;
    const top = bbox.top + lane * 13 * devicePixelRatio;
    ctx.strokeText(label, left, top);
    ctx.fillText(label, left, top);
    free--;
  }
}

/** Hollow dots: found by an evaluation outside of the run's course. */
export function drawRings(plot: uPlot, { x, y }: Points, stroke: string, fill: string): void {
  const { ctx } = plot;
  within(plot, () => {
    ctx.strokeStyle = stroke;
    ctx.fillStyle = fill;
    ctx.lineWidth = 2 * devicePixelRatio;
    x.forEach((step, i) => {
      const value = y[i];
      if (value === null) return;
      ctx.beginPath();
      ctx.arc(plot.valToPos(step, "x", true), plot.valToPos(value, "y", true), 4 * devicePixelRatio, 0, 2 * Math.PI);
      ctx.fill();
      ctx.stroke();
    });
  });
}

/** Triangles that stand on the floor: checkpoints. At the newest step half of one is beyond the plot, so it is not clipped. */
export function drawTriangles(plot: uPlot, marks: Mark[], fill: string, halo: string): void {
  const { ctx, bbox } = plot;
  const floor = bbox.top + bbox.height;
  const px = devicePixelRatio;
  ctx.save();
  ctx.fillStyle = fill;
  ctx.strokeStyle = halo;
  ctx.lineWidth = 2 * px;
  ctx.lineJoin = "round";
  for (const { x } of marksInView(plot, marks)) {
    ctx.beginPath();
    ctx.moveTo(x - 4 * px, floor);
    ctx.lineTo(x, floor - 6 * px);
    ctx.lineTo(x + 4 * px, floor);
    ctx.stroke();
    ctx.closePath();
    ctx.fill();
  }
  ctx.restore();
}

/** Ticks on the floor at steps without a finite value: they have no place on the y axis, and must not be missed. */
export function drawBroken(plot: uPlot, steps: Float64Array[], stroke: string): void {
  const { ctx, bbox } = plot;
  const floor = bbox.top + bbox.height;
  const { min, max } = plot.scales.x;
  const width = tickWidth(bbox.width / (max! - min!));
  within(plot, () => {
    ctx.fillStyle = stroke;
    for (const broken of steps) {
      for (let i = lowerBound(broken, min!); i < broken.length && broken[i] <= max!; ) {
        const x = Math.round(plot.valToPos(broken[i], "x", true));
        ctx.fillRect(x - width / 2, floor - 7 * devicePixelRatio, width, 7 * devicePixelRatio);
        i = Math.max(i + 1, lowerBound(broken, plot.posToVal(x + 0.5, "x", true), i));
      }
    }
  });
}

/** Where steps stand close together, ticks join to a band. */
function tickWidth(perStep: number): number {
  const narrow = 2 * devicePixelRatio;
  return perStep < 2 * narrow ? Math.max(narrow, Math.ceil(perStep)) : narrow;
}

/** What the numbers of the x axis count, in the corner that the two axes leave free. */
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

function within({ ctx, bbox }: uPlot, draw: () => void): void {
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left - devicePixelRatio, bbox.top, bbox.width + 2 * devicePixelRatio, bbox.height);
  ctx.clip();
  draw();
  ctx.restore();
}
