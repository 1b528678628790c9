import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { valueAxis, type Axis } from "./axes";
import { decimate, type Points } from "./decimate";
import { Hover } from "./hover";
import { drawBroken, drawMarks, drawUnit, type Mark } from "./marks";
import type { Road, Ticks } from "./road";
import type { Series } from "./series";
import { color } from "./theme";

export interface Line {
  series: Series;
  /** The name of a CSS variable. */
  color: string;
  /** Drawn as its moving average, over a faint curve of the values themselves. */
  smooth: boolean;
  /** Few values, each of which counts. */
  dotted: boolean;
}

export interface Scene {
  lines: Line[];
  road: Road;
  zoom: [from: number, to: number] | null;
  log: boolean;
  marks: Mark[];
}

const FONT = '11px ui-monospace, "SF Mono", Menlo, Consolas, monospace';
const FEW = 10; // px between dots, so that they stay dots

/** The drawing of a scene: uPlot gets only what can be seen, at most two points a pixel column. */
export class Chart {
  private plot: uPlot | undefined;
  private hover: Hover;
  private scene!: Scene;
  private ticks!: Ticks;
  private values!: Axis;
  private built = "";

  constructor(private panel: HTMLElement, private box: HTMLElement, private zoomTo: (zoom: Scene["zoom"]) => void) {
    this.hover = new Hover(box);
  }

  draw(scene: Scene): void {
    const { clientWidth: width, clientHeight: height } = this.box;
    // A hidden view has no width, and a canvas without width cannot be drawn on.
    if (!width) return;
    this.scene = scene;
    this.hover.lines = scene.lines;
    const [from, to] = scene.zoom ?? [scene.road.start, scene.road.end];
    const columns = Math.ceil(this.plot?.bbox.width || width * devicePixelRatio);
    const curves = scene.lines.flatMap((line) => curvesOf(line, from, to, columns, scene.log));
    this.ticks = scene.road.ticks(from, to, Math.floor(width / 48));
    this.values = valueAxis(...extent(curves), scene.log);
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
    const { lines, log } = this.scene;
    const wanted = JSON.stringify([log, lines.map(({ series, smooth, dotted }) => [series.name, smooth, dotted])]);
    if (this.plot && wanted === this.built) return this.plot;
    this.plot?.destroy();
    this.built = wanted;
    this.plot = new uPlot(this.options(width, height), data, this.box);
    this.hover.attach(this.plot);
    return this.plot;
  }

  private options(width: number, height: number): uPlot.Options {
    const { lines, log } = this.scene;
    const asGiven = (_: uPlot, min: number, max: number): [number, number] => [min, max];
    return {
      width,
      height,
      padding: [10, 12, 0, 0],
      legend: { show: false },
      scales: { x: { time: false, range: asGiven }, y: { distr: log ? 3 : 1, range: asGiven } },
      axes: [this.stepAxis(), this.valueAxis()],
      series: [{}, ...lines.flatMap((line) => this.strokes(line))],
      cursor: {
        y: false,
        points: { show: false },
        drag: { x: true, y: false, setScale: false, dist: 5 },
        move: (plot, left, top) => [this.hover.snap(plot, left), top],
        bind: { dblclick: () => () => (this.zoomTo(null), null) },
      },
      hooks: {
        setCursor: [(plot) => this.hover.show(plot)],
        setSelect: [(plot) => this.select(plot)],
        drawAxes: [(plot) => drawUnit(plot, this.ticks.unit, this.css("--soft"))],
        draw: [(plot) => this.annotate(plot)],
      },
    };
  }

  private stepAxis(): uPlot.Axis {
    const soft = () => this.css("--soft");
    return {
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
      size: (_, labels) => Math.max(42, 7 * Math.max(0, ...(labels ?? []).map((label) => label.length)) + 9),
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
    const main: uPlot.Series = { stroke, width: line.dotted || line.smooth ? 2 : 1.25, pxAlign: 0, points: dots };
    return line.smooth ? [faint, main] : [main];
  }

  private showDots(plot: uPlot, { series, dotted }: Line): boolean {
    const count = series.step.length;
    return count === 1 || (dotted && count * FEW < plot.over.clientWidth);
  }

  private annotate(plot: uPlot): void {
    drawMarks(plot, this.scene.marks, this.css("--soft"), FONT);
    drawBroken(plot, this.scene.lines.map(({ series }) => series.broken.values), this.css("--bad"));
  }

  private select(plot: uPlot): void {
    const { left, width } = plot.select;
    if (!width) return;
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.zoomTo([plot.posToVal(left, "x"), plot.posToVal(left + width, "x")]);
  }

  private css(variable: string): string {
    return color(this.panel, variable);
  }
}

function curvesOf({ series, smooth }: Line, from: number, to: number, columns: number, log: boolean): Points[] {
  const drawable = log ? (value: number) => value > 0 && value < Infinity : Number.isFinite;
  const held = smooth ? [series.value, series.smoothed] : [series.value];
  return held.map((column) => decimate(series.step.values, column.values, from, to, columns, drawable));
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
