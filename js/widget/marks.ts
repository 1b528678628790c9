import type uPlot from "uplot";
import { lowerBound } from "./column";

export interface Mark {
  step: number;
  label: string;
}

/** Dotted uprights where a command came into force. */
export function drawMarks(plot: uPlot, marks: Mark[], stroke: string, font: string): void {
  const { ctx, bbox } = plot;
  within(plot, () => {
    ctx.strokeStyle = ctx.fillStyle = stroke;
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.font = font.replace("11px", `${11 * devicePixelRatio}px`);
    ctx.textBaseline = "top";
    for (const { step, label } of marks) {
      const x = Math.round(plot.valToPos(step, "x", true)) + 0.5;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      const gap = 5 * devicePixelRatio;
      const roomy = x + gap + ctx.measureText(label).width < bbox.left + bbox.width;
      ctx.textAlign = roomy ? "left" : "right";
      ctx.fillText(label, roomy ? x + gap : x - gap, bbox.top);
    }
  });
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
