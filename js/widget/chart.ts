import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { type Annotation, drawAnnotations, drawDots, drawNonFinite, drawTriangles, drawUnit } from "./annotations";
import { besideEnd, drawCaption, drawEnd, isShort } from "./axis_text";
import { changeDetector } from "./changes";
import { csvOf } from "./copied";
import type { Copyable } from "./copyable";
import { Hover } from "./hover";
import type { Line } from "./line";
import { pathOf } from "./line_path";
import { drawMarks, type Mark } from "./looked";
import { drawOutliers, Outliers } from "./outliers";
import { type Plan, planOf } from "./plan";
import type { Scene } from "./scene";
import type { Side } from "./sides";
import { color } from "./theme";

const FONT = '11px ui-monospace, "SF Mono", Menlo, Consolas, monospace';
const DOT_DISTANCE = 10; // px; closer dots would merge
const SIDES: Side[] = ["left", "right"];

/** Draws a scene with uPlot, which has the axes and the cursor; the lines are paths of at most two points for each pixel column. */
export class Chart implements Copyable {
  private plot: uPlot | undefined;
  private hover: Hover;
  private outliers: Outliers;
  private scene!: Scene;
  private plan!: Plan;
  private isOther = changeDetector();

  constructor(readonly box: HTMLElement) {
    this.hover = new Hover(box);
    this.outliers = new Outliers(box, () => this.draw(this.scene));
  }

  /** The element that spans the steps in view. */
  get area(): HTMLElement | undefined {
    return this.plot?.over;
  }

  get canvas(): HTMLCanvasElement | undefined {
    return this.plot?.ctx.canvas;
  }

  /** The step under the crosshair, if there is one. */
  get pointed(): number | undefined {
    return this.hover.step;
  }

  /** Those that are drawn. */
  get lines(): Line[] {
    return this.scene?.lines ?? [];
  }

  csv(): string {
    return csvOf(this.lines.map(({ series }) => series));
  }

  /** The width of the labels at the left in px; undefined before the first drawing. */
  get gutter(): number | undefined {
    return this.plot && this.plot.bbox.left / devicePixelRatio;
  }

  /** The same at the right. */
  get rightGutter(): number | undefined {
    return this.plot && this.plot.width - (this.plot.bbox.left + this.plot.bbox.width) / devicePixelRatio;
  }

  /** The y axis of each line, by the name of its series. */
  get sides(): Map<string, Side> {
    return new Map(this.lines.map(({ series }, i) => [series.name, this.plan.sides[i]]));
  }

  draw(scene: Scene): void {
    const { clientWidth: width, clientHeight: height } = this.box;
    // A hidden view has no width, and a canvas without width cannot be drawn on.
    if (!width) return;
    this.scene = scene;
    this.hover.xAxis = scene.xAxis;
    this.hover.lines = [...scene.lines, ...(scene.hoverOnly ?? [])];
    this.hover.checkpoints = scene.checkpoints ?? [];
    this.hover.annotations = scene.annotations ?? [];
    const columns = Math.ceil(this.plot?.bbox.width || width * devicePixelRatio);
    this.plan = planOf(scene, { width, height: this.plot?.over.clientHeight ?? height, columns }, this.outliers.showsAll);
    const { x, axes, beyond } = this.plan;
    this.outliers.show(beyond);
    const plot = this.plotFor(width, height);
    plot.batch(() => {
      if (plot.width !== width || plot.height !== height) plot.setSize({ width, height });
      plot.setData(this.data, false); // so that the paths are made anew
      plot.setScale("x", { min: x[0], max: x[1] });
      for (const [side, { min, max }] of Object.entries(axes)) plot.setScale(side, { min, max });
    });
  }

  dispose(): void {
    this.plot?.destroy();
    this.hover.dispose();
    this.outliers.dispose();
  }

  /** The plot, made anew where its series or scales differ: uPlot can't change them later. */
  private plotFor(width: number, height: number): uPlot {
    const { lines, log, bare } = this.scene;
    const kinds = lines.map(({ series, smooth, dotted, dashed, color }, i) => [
      [series.name, smooth > 0, dotted],
      [dashed, color, this.plan.sides[i]],
    ]);
    if (!this.isOther(log, bare, kinds) && this.plot) return this.plot;
    this.plot?.destroy();
    this.plot = new uPlot(this.options(width, height), this.data, this.box);
    this.hover.attach(this.plot);
    this.outliers.attach(this.plot);
    return this.plot;
  }

  /** What uPlot needs to know of each path. */
  private get data(): uPlot.AlignedData {
    const { x, curves } = this.plan;
    return [x, ...curves.flat().map(() => [null, null])];
  }

  private options(width: number, height: number): uPlot.Options {
    const { lines, log, bare, rightGutter = 12 } = this.scene;
    const distr = log ? 3 : 1;
    const hasRight = this.plan.axes.right !== undefined;
    const fixed = (_: uPlot, min: number, max: number): [number, number] => [min, max];
    return {
      width,
      height,
      padding: bare ? [7, rightGutter, 7, 0] : [hasRight ? 22 : 10, hasRight ? 0 : 12, 0, 0],
      legend: { show: false },
      scales: { x: { time: false, range: fixed }, left: { distr, range: fixed }, right: { distr, range: fixed } },
      axes: [this.xAxis(), this.yAxis("left"), ...(hasRight ? [this.yAxis("right")] : [])],
      series: [{}, ...lines.flatMap((line, i) => this.strokes(line, i))],
      cursor: {
        y: false,
        points: { show: false },
        drag: { x: false, y: false },
        sync: this.scene.group ? { key: this.scene.group, scales: ["x", null], setSeries: false } : undefined,
        move: (plot, left, top) => [this.hover.snap(plot, left), top],
      },
      hooks: {
        setCursor: [(plot) => this.hover.show(plot)],
        drawAxes: bare ? [] : [(plot) => this.describeAxes(plot)],
        draw: [(plot) => this.annotate(plot)],
      },
    };
  }

  private xAxis(): uPlot.Axis {
    const soft = () => this.css("--soft");
    return {
      show: !this.scene.bare,
      stroke: soft,
      font: FONT,
      size: 24,
      gap: 4,
      grid: { show: false },
      ticks: { size: 4, width: 1, stroke: soft },
      border: { show: true, width: 1, stroke: () => this.css("--line") },
      splits: () => this.plan.ticks.at,
      filter: (_, splits) => splits,
      values: (plot) => besideEnd(plot, this.plan.ticks, this.plan.end),
    };
  }

  private yAxis(side: Side): uPlot.Axis {
    const isLeft = side === "left";
    const { gutter } = this.scene;
    return {
      scale: side,
      side: isLeft ? 3 : 1,
      stroke: () => this.css(this.colorOf(side)),
      font: FONT,
      gap: 7,
      size: (_, labels) => (isLeft && gutter) || gutterFor(labels ?? []),
      grid: { show: isLeft, width: 1, stroke: () => this.css("--line") },
      // uPlot's own increments end at 1e16, and an axis without one is not drawn; which ticks there are is said below.
      incrs: (_, __, min, max) => [Math.max(5, max - min)],
      ticks: { show: false, size: 0 },
      splits: () => this.plan.axes[side]?.ticks ?? [],
      filter: (_, splits) => splits,
      values: () => this.plan.axes[side]?.labels ?? [],
    };
  }

  /** Of two axes, each has the colour of its line, if it has one only. */
  private colorOf(side: Side): string {
    const own = this.linesOn(side);
    return this.plan.axes.right && own.length === 1 ? `${own[0].color}-text` : "--soft";
  }

  private linesOn(side: Side): Line[] {
    return this.scene.lines.filter((_, i) => this.plan.sides[i] === side);
  }

  /** One for each curve of a line in the plan. */
  private strokes(line: Line, i: number): uPlot.Series[] {
    const scale = this.plan.sides[i];
    const stroke = () => this.css(line.color);
    const points = { show: false };
    const path = (k: number) => (plot: uPlot) => pathOf(plot, scale, this.plan.curves[i][k]);
    const faint: uPlot.Series = { scale, stroke, width: 1, alpha: 0.32, points, paths: path(0) };
    const width = line.dotted || line.smooth > 0 ? 2 : 1.25;
    const main = (k: number): uPlot.Series => ({ scale, stroke, width, points, dash: line.dashed ? [6, 4] : [], paths: path(k) });
    return line.smooth > 0 ? [faint, main(1)] : [main(0)];
  }

  private showDots(plot: uPlot, { series, dotted }: Line): boolean {
    const count = series.step.length;
    return count === 1 || (dotted && count * DOT_DISTANCE < plot.over.clientWidth);
  }

  private describeAxes(plot: uPlot): void {
    const soft = this.css("--soft");
    const { ticks, end, axes } = this.plan;
    if (isShort(ticks.unit)) drawUnit(plot, ticks.unit, soft);
    drawEnd(plot, end, soft);
    if (!axes.right) return;
    for (const side of SIDES) {
      const names = this.linesOn(side).map(({ series }) => series.name);
      drawCaption(plot, side, names.join(", "), this.css(this.colorOf(side)));
    }
  }

  private annotate(plot: uPlot): void {
    const { points, evaluations, sides, axes } = this.plan;
    const { lines, xAxis, annotations = [], checkpoints = [], marks = [], robust, bare } = this.scene;
    const placed = <T extends Annotation | Mark>(all: T[]): T[] => all.map((one) => ({ ...one, step: xAxis.toX(one.step) }));
    lines.forEach((line, i) => {
      const color = this.css(line.color);
      if (this.showDots(plot, line)) drawDots(plot, points[i], 2, color, color, sides[i]);
      drawDots(plot, evaluations[i], 4, color, this.css("--bg"), sides[i]); // of "Evaluate now", which are of no line
    });
    drawAnnotations(plot, placed(annotations), this.css("--soft"), this.css("--bg"), FONT);
    if (robust) lines.forEach(({ color }, i) => drawOutliers(plot, points[i], axes[sides[i]]!, this.css(color)));
    drawMarks(plot, placed(marks), this.css("--ink"), this.css("--bg"), bare ? null : FONT);
    drawTriangles(plot, placed(checkpoints), this.css("--good"), this.css("--bg"));
    const nonFinite = lines.map(({ series }) => series.nonFinite.values.map((step) => xAxis.toX(step)));
    drawNonFinite(plot, nonFinite, this.css("--bad"));
  }

  private css(variable: string): string {
    return color(this.box, variable);
  }
}

const gutterFor = (labels: string[]): number => Math.max(50, 7 * Math.max(0, ...labels.map((label) => label.length)) + 9);
