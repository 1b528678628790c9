import type uPlot from "uplot";

/** A step that a person looks at in another part of the panel. */
export interface Mark {
  step: number;
  label: string;
}

/** A thin line at each mark, unbroken unlike those of commands; its label, if there is room for any, stands above the axis. */
export function drawMarks(plot: uPlot, marks: readonly Mark[], stroke: string, halo: string, font: string | null): void {
  const { ctx, bbox } = plot;
  const px = devicePixelRatio;
  const { min, max } = plot.scales.x;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = stroke;
  ctx.lineWidth = px;
  for (const { step, label } of marks) {
    if (step < min! || step > max!) continue;
    const x = Math.round(plot.valToPos(step, "x", true)) + 0.5;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    if (font) drawLabel(plot, label, x, halo, font.replace("11px", `${11 * px}px`));
  }
  ctx.restore();
}

function drawLabel({ ctx, bbox }: uPlot, label: string, x: number, halo: string, font: string): void {
  const px = devicePixelRatio;
  const isRight = x < bbox.left + bbox.width / 2;
  const [left, top] = [x + (isRight ? 4 : -4) * px, bbox.top + bbox.height - 5 * px];
  ctx.save();
  ctx.font = font;
  ctx.textAlign = isRight ? "left" : "right";
  ctx.lineJoin = "round";
  ctx.lineWidth = 4 * px;
  ctx.strokeStyle = halo;
  ctx.strokeText(label, left, top);
  ctx.fillText(label, left, top);
  ctx.restore();
}
