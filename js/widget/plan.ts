import { type Axis, thinned, valueAxis } from "./axes";
import { goalText, isShort } from "./axis_text";
import type { Frame, Points } from "./decimate";
import { type Range, robustRange } from "./robust_range";
import type { Scene } from "./scene";
import { type Side, sidesOf } from "./sides";
import type { Ticks, XAxis } from "./step_axis";
import type { Span } from "./viewport";

/** The px of a plot, and the pixel columns between its axes. */
export interface Size {
  width: number;
  height: number;
  columns: number;
}

/** All that is drawn of a scene, but for its colours. */
export interface Plan {
  /** The ends of the x axis. */
  x: Span;
  /** Of each line, without smoothing. */
  points: Points[];
  /** Of each line what is drawn, one below the other. */
  curves: Points[][];
  evaluations: Points[];
  sides: Side[];
  axes: Partial<Record<Side, Axis>> & { left: Axis };
  /** What is beyond the axes, or would be. */
  beyond: Pick<Range, "above" | "below">;
  ticks: Ticks;
  /** What stands at the end of the x axis. */
  end: string;
}

const LABEL_HEIGHT = 16; // px that a label of the y axis needs
const LABEL_WIDTH = 48; // px for one of the x axis
const GLANCE = 200; // columns that are enough to see which values a line has

export function planOf(scene: Scene, { width, height, columns }: Size, showsAll: boolean): Plan {
  const { lines, log, xAxis, robust = false, twoAxes = robust, bare } = scene;
  const x = inX(xAxis, scene.span);
  const frame: Frame = { from: x[0], to: x[1], columns, log, scale: xAxis };
  const points = lines.map(({ series }) => series.points(frame));
  const evaluations = lines.map(({ evaluated }) => evaluated?.points(frame) ?? { x: [], y: [] });
  const sides =
    twoAxes && lines.length > 1
      ? sidesOf(
          lines.map((line) => whole(line, log)),
          log,
        )
      : lines.map((): Side => "left");
  const rangeOn = (side: Side) =>
    robustRange(
      [...points, ...evaluations].filter((_, i) => sides[i % lines.length] === side),
      log,
    );
  const ranges = [...new Set<Side>(["left", ...sides])].map((side): [Side, Range] => [side, rangeOn(side)]);
  const axes = ranges.map(([side, range]) => {
    const [low, high] = robust && !showsAll ? [range.low, range.high] : [range.below ?? range.low, range.above ?? range.high];
    return [side, thinned(valueAxis(low, high, log), bare ? 0 : height, LABEL_HEIGHT, log)];
  });
  const ticks = xAxis.ticks(...x, Math.floor(width / LABEL_WIDTH));
  return {
    x,
    points,
    curves: lines.map(({ series, smooth }, i) => (smooth > 0 ? [points[i], series.smoothed(frame, smooth)] : [points[i]])),
    evaluations,
    sides,
    axes: Object.fromEntries(axes),
    beyond: robust ? outermost(ranges.map(([, range]) => range)) : {},
    ticks,
    end: bare ? "" : endOf(xAxis, x, ticks, width),
  };
}

/** The usual values of the whole run, so that a zoom does not change the side of a line. */
function whole({ series, evaluated }: Scene["lines"][0], log: boolean): { low: number; high: number } {
  const curves = [series, evaluated].filter((curve) => curve?.step.length);
  const points = curves.map((curve) => curve!.points({ from: curve!.step.at(0), to: curve!.step.last! + 1, columns: GLANCE, log }));
  return robustRange(points, log);
}

function outermost(ranges: Range[]): Plan["beyond"] {
  const above = ranges.flatMap((range) => range.above ?? []);
  const below = ranges.flatMap((range) => range.below ?? []);
  return { above: above.length ? Math.max(...above) : undefined, below: below.length ? Math.min(...below) : undefined };
}

function endOf({ goal, end }: XAxis, [, to]: Span, { unit }: Ticks, width: number): string {
  return [isShort(unit) ? "" : unit, goal && to >= end ? goalText(goal, width) : ""].filter(Boolean).join(" · ");
}

/** Some steps in terms of an axis; of an axis that stands still, an empty piece would have no width. */
function inX(xAxis: XAxis, [first, last]: Span): Span {
  const [from, to] = [xAxis.toX(first), xAxis.toX(last)];
  return [from, to > from ? to : from + 1];
}
