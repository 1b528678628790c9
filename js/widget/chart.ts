import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { valueAxis, type Axis } from "./axes";
import type { Curve, Frame, Points } from "./curve";
import { rate } from "./format";
import { Hover } from "./hover";
import { drawBroken, drawMarks, drawRings, drawTriangles, drawUnit, type Mark } from "./marks";
import type { Road, Ticks } from "./road";
import { color } from "./theme";
import type { Span } from "./viewport";

export interface Line {
  series: Curve;
  /** The name of a CSS variable. */
  color: string;
  /** Above 0, it is drawn as its moving average over a faint curve of the values themselves. */
  beta: number;
  /** Few values, each of which counts. */
  dotted: boolean;
  /** Found outside of the run's course, at any step. */
  evaluated?: Curve;
}

export interface Scene {
  lines: Line[];
  road: Road;
  span: Span;
  log: boolean;
  marks?: Mark[];
  /** Checkpoints, by what they are kept for. */
  kept?: Mark[];
  /** Told under the crosshair, but not drawn. */
  told?: Line[];
  /** The room for labels at the left in px, if something above is to be in line. */
  gutter?: number;
  /** Without labels below, since something above has them. */
  bare?: boolean;
}

const FONT = '11px ui-monospace, "SF Mono", Menlo, Consolas, monospace';
const FEW = 10; // px between dots, so that they stay dots
const LABEL = 16; // px that a label of the value axis needs

/** The drawing of a scene: uPlot gets only what can be seen, at most two points a pixel column. */
export class Chart {
  private plot: uPlot | undefined;
  private hover: Hover;
  private scene!: Scene;
  private ticks!: Ticks;
  private values!: Axis;
  private rings: Points[] = [];
  private built = "";

  constructor(private box: HTMLElement) {
    this.hover = new Hover(box);
  }

  /** What spans the steps in view. */
  get area(): HTMLElement | undefined {
    return this.plot?.over;
  }

  /** The room that the labels at the left take, in px; nothing before there was something to draw. */
  get gutter(): number | undefined {
    return this.plot && this.plot.bbox.left / devicePixelRatio;
  }

  draw(scene: Scene): void {
    const { clientWidth: width, clientHeight: height } = this.box;
    // A hidden view has no width, and a canvas without width cannot be drawn on.
    if (!width) return;
    this.scene = scene;
    this.hover.lines = [...scene.lines, ...(scene.told ?? [])];
    this.hover.kept = scene.kept ?? [];
    const [from, to] = scene.span;
    const columns = Math.ceil(this.plot?.bbox.width || width * devicePixelRatio);
    const frame = { from, to, columns, log: scene.log };
    const curves = scene.lines.flatMap((line) => curvesOf(line, frame));
    this.ticks = scene.road.ticks(from, to, Math.floor(width / 48));
    this.rings = scene.lines.map(({ evaluated }) => evaluated?.points(frame) ?? { x: [], y: [] });
    this.values = thinned(valueAxis(...extent([...curves, ...this.rings]), scene.log), this.plot?.over.clientHeight ?? height);
    const data = uPlot.join(curves.map(({ x, y }) => [x, y])) as uPlot.AlignedData;
    const plot = this.ready(width, height, data);
    plot.batch(() => {
      if (plot.width !== width || plot.height !== height) plot.setSize({ width, height });
      plot.setData(data, false);
      plot.setScale("x", { min: from, max: to });
      plot.setScale("y", { min: this.values.min, max: this.values.max });
    });
  }

  dispose(): void {
    this.plot?.destroy();
    this.hover.dispose();
  }

  /** uPlot fixes series and scales when it is made, so another set of them takes another plot. */
  private ready(width: number, height: number, data: uPlot.AlignedData): uPlot {
    const { lines, log, bare } = this.scene;
    const wanted = JSON.stringify([log, bare, lines.map(({ series, beta, dotted }) => [series.name, beta > 0, dotted])]);
    if (this.plot && wanted === this.built) return this.plot;
    this.plot?.destroy();
    this.built = wanted;
    this.plot = new uPlot(this.options(width, height), data, this.box);
    this.hover.attach(this.plot);
    return this.plot;
  }

  private options(width: number, height: number): uPlot.Options {
    const { lines, log, bare } = this.scene;
    const asGiven = (_: uPlot, min: number, max: number): [number, number] => [min, max];
    return {
      width,
      height,
      padding: bare ? [7, 12, 7, 0] : [10, 12, 0, 0],
      legend: { show: false },
      scales: { x: { time: false, range: asGiven }, y: { distr: log ? 3 : 1, range: asGiven } },
      axes: [this.stepAxis(), this.valueAxis()],
      series: [{}, ...lines.flatMap((line) => this.strokes(line))],
      cursor: {
        y: false,
        points: { show: false },
        drag: { x: false, y: false },
        move: (plot, left, top) => [this.hover.snap(plot, left), top],
      },
      hooks: {
        setCursor: [(plot) => this.hover.show(plot)],
        drawAxes: bare ? [] : [(plot) => drawUnit(plot, this.ticks.unit, this.css("--soft"))],
        draw: [(plot) => this.annotate(plot)],
      },
    };
  }

  private stepAxis(): uPlot.Axis {
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
      splits: () => this.ticks.steps,
      filter: (_, splits) => splits,
      values: () => this.ticks.labels,
    };
  }

  private valueAxis(): uPlot.Axis {
    return {
      stroke: () => this.css("--soft"),
      font: FONT,
      gap: 7,
      size: (_, labels) => this.scene.gutter ?? roomFor(labels ?? []),
      grid: { width: 1, stroke: () => this.css("--line") },
      ticks: { show: false, size: 0 },
      splits: () => this.values.ticks,
      filter: (_, splits) => splits,
      values: () => this.values.labels,
    };
  }

  private strokes(line: Line): uPlot.Series[] {
    const stroke = () => this.css(line.color);
    const faint: uPlot.Series = { stroke, width: 1, alpha: 0.32, points: { show: false } };
    const dots = { show: (plot: uPlot) => this.showDots(plot, line), size: 6, width: 1, stroke, fill: stroke };
    const main: uPlot.Series = { stroke, width: line.dotted || line.beta > 0 ? 2 : 1.25, pxAlign: 0, points: dots };
    return line.beta > 0 ? [faint, main] : [main];
  }

  private showDots(plot: uPlot, { series, dotted }: Line): boolean {
    const count = series.step.length;
    return count === 1 || (dotted && count * FEW < plot.over.clientWidth);
  }

  private annotate(plot: uPlot): void {
    this.rings.forEach((points, i) => drawRings(plot, points, this.css(this.scene.lines[i].color), this.css("--bg")));
    drawMarks(plot, this.scene.marks ?? [], this.css("--soft"), this.css("--bg"), FONT);
    drawTriangles(plot, this.scene.kept ?? [], this.css("--good"), this.css("--bg"));
    drawBroken(plot, this.scene.lines.map(({ series }) => series.broken.values), this.css("--bad"));
  }

  private css(variable: string): string {
    return color(this.box, variable);
  }
}

function curvesOf({ series, beta }: Line, frame: Frame): Points[] {
  const points = series.points(frame);
  return beta > 0 ? [points, series.smoothed(frame, beta)] : [points];
}

const roomFor = (labels: string[]): number => Math.max(42, 7 * Math.max(0, ...labels.map((label) => label.length)) + 9);

/** Only the ends of an axis, where there is no room for more. */
function thinned(axis: Axis, height: number): Axis {
  if (axis.ticks.length * LABEL <= height) return axis;
  const ticks = [axis.ticks[0], axis.ticks[axis.ticks.length - 1]];
  return { ...axis, ticks, labels: ticks.map(rate) };
}

function extent(curves: Points[]): [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity];
  for (const { y } of curves) {
    for (const value of y) {
      if (value === null) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low <= high ? [low, high] : [0.1, 1];
}
