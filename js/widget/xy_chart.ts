import uPlot from "uplot";
import { type Axis, thinned, valueAxis } from "./axes";
import { changeDetector } from "./changes";
import { binsCsv, csvOf } from "./copied";
import type { Copyable } from "./copyable";
import type { Curve } from "./curve";
import { histogram, scatter } from "./distribution";
import { brief, oneLine, precise, whole } from "./format";
import type { Line } from "./line";
import { color } from "./theme";
import type { Span } from "./viewport";
import { type Spots, XyHover } from "./xy_hover";

const FONT = '11px ui-monospace, "SF Mono", Menlo, Consolas, monospace';
const [X_AXIS, X_LABEL] = [20, 14]; // px below the plot, for the numbers and for what they are of
const TOP = 10; // px above it
const LABEL_HEIGHT = 16; // px that a label of the y axis needs

type Kind = "scatter" | "histogram";

/** What is drawn. */
interface Shown {
  kind: Kind;
  lines: Line[];
  data: uPlot.AlignedData;
  log: boolean;
  /** What is along the x axis. */
  label: string;
  spots: Spots;
  csv: () => string;
}

/** Draws metrics against another one, or how often their values came. */
export class XyChart implements Copyable {
  private plot: uPlot | undefined;
  private shown: Shown | undefined;
  private hover: XyHover;
  private isOther = changeDetector();

  constructor(readonly box: HTMLElement) {
    this.hover = new XyHover(box);
  }

  get canvas(): HTMLCanvasElement | undefined {
    return this.plot?.ctx.canvas;
  }

  get lines(): Line[] {
    return this.shown?.lines ?? [];
  }

  csv(): string {
    return this.shown?.csv() ?? "";
  }

  scatter(lines: Line[], against: Curve, span: Span, log: boolean): void {
    const dots = lines.map(({ series }) => scatter(series, against, span));
    const data = uPlot.join(dots.map(({ x, y }) => [x, y])) as uPlot.AlignedData;
    const all = dots.flatMap(({ x, y, step }, k) => x.map((_, i) => ({ x: x[i], y: y[i], step: step[i], line: lines[k] })));
    if (lines.length > 1) all.sort((a, b) => a.x - b.x);
    const tell = (i: number) => {
      const { x, y, step, line } = all[i];
      const rows = [
        { name: line.series.name, text: precise(y), color: line.color },
        { name: against.name, text: precise(x), color: "--soft" },
      ];
      return { title: `step ${step}`, rows };
    };
    const spots = { x: all.map(({ x }) => x), y: all.map(({ y }) => y), tell };
    const csv = () => csvOf([against, ...lines.map(({ series }) => series)]);
    this.draw({ kind: "scatter", lines, data, log, label: oneLine(against.name), spots, csv });
  }

  histogram(lines: Line[], span: Span, log: boolean): void {
    const curves = lines.map(({ series }) => series);
    const { edges, counts } = histogram(curves, span);
    // A count of 0 has no place on a logarithmic axis.
    const columns = counts.map((count) => [...count, count[count.length - 1] ?? 0].map((n) => (log && !n ? null : n)));
    const tell = (i: number) => {
      const rows = lines.map(({ series, color }, k) => ({
        name: series.name,
        text: counts[k][i] === 1 ? "once" : `${whole(counts[k][i])} times`,
        color,
      }));
      return { title: `${brief(edges[i])} to ${brief(edges[i + 1])}`, rows };
    };
    const spots = { x: edges.slice(1).map((edge, i) => (edge + edges[i]) / 2), tell };
    const label = lines.length === 1 ? `values of ${oneLine(lines[0].series.name)}` : "values";
    const csv = () => binsCsv(curves, edges, counts);
    this.draw({ kind: "histogram", lines, data: [edges, ...columns] as uPlot.AlignedData, log, label, spots, csv });
  }

  dispose(): void {
    this.plot?.destroy();
    this.hover.dispose();
  }

  private draw(shown: Shown): void {
    const { clientWidth: width, clientHeight: height } = this.box;
    if (!width) return;
    this.shown = shown;
    this.hover.spots = shown.spots;
    const { kind, lines, data, log, label } = shown;
    const [xs, ...ys] = data;
    const [left, right] = extent([xs as number[]]);
    const [low, high] = extent(ys as (number | null)[][]);
    const x = valueAxis(left, right, false);
    const y = thinned(valueAxis(kind === "histogram" && !log ? 0 : low, high, log), height - TOP - X_AXIS - X_LABEL, LABEL_HEIGHT, log);
    const kinds = lines.map(({ series, color: hue }) => [series.name, hue]);
    if (this.isOther(kind, log, label, kinds, width, height, x, y) || !this.plot) {
      this.plot?.destroy();
      this.plot = new uPlot({ ...this.options(shown, x, y), width, height }, data, this.box);
      this.hover.attach(this.plot);
    } else this.plot.setData(data);
  }

  private options({ kind, lines, log, label }: Shown, x: Axis, y: Axis): uPlot.Options {
    const axis = ({ ticks, labels }: Axis, more: uPlot.Axis): uPlot.Axis => ({
      stroke: () => color(this.box, "--soft"),
      font: FONT,
      grid: { width: 1, stroke: () => color(this.box, "--line") },
      ticks: { show: false, size: 0 },
      splits: () => ticks,
      filter: (_, splits) => splits,
      values: () => labels,
      ...more,
    });
    return {
      class: "xy-chart",
      width: 0,
      height: 0,
      padding: [TOP, 14, 0, 0],
      legend: { show: false },
      cursor: {
        y: kind === "scatter",
        points: { show: false },
        drag: { x: false, y: false },
        move: (plot, left, top) => this.hover.snap(plot, left, top),
      },
      hooks: { setCursor: [(plot) => this.hover.show(plot)] },
      scales: { x: { time: false, range: [x.min, x.max] }, y: { distr: log ? 3 : 1, range: [y.min, y.max] } },
      axes: [
        axis(x, { size: X_AXIS, gap: 4, label, labelSize: X_LABEL, labelGap: 0, labelFont: FONT }),
        axis(y, { size: (_, labels) => Math.max(42, 7 * Math.max(0, ...(labels ?? []).map((one) => one.length)) + 9), gap: 7 }),
      ],
      series: [{}, ...lines.map((line) => this.series(kind, line))],
    };
  }

  private series(kind: Kind, line: Line): uPlot.Series {
    const stroke = () => color(this.box, line.color);
    if (kind === "scatter")
      return { stroke, paths: () => null, points: { show: true, size: 4, width: 0, fill: () => `${color(this.box, line.color)}99` } };
    return {
      stroke,
      fill: () => `${color(this.box, line.color)}33`,
      width: 1.5,
      paths: uPlot.paths.stepped!({ align: 1 }),
      points: { show: false },
    };
  }
}

function extent(columns: (number | null | undefined)[][]): [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity];
  for (const column of columns) {
    for (const value of column) {
      if (value === null || value === undefined) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low <= high ? [low, high] : [0, 1];
}
