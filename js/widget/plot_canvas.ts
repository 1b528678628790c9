import type { Plot } from "./arrangement";
import { Chart } from "./chart";
import type { Copyable } from "./copyable";
import type { Line } from "./line";
import type { MetricLines } from "./metric_lines";
import type { Scene } from "./scene";
import { XyChart } from "./xy_chart";

/** What a plot is drawn on, of whichever kind it is. */
export class PlotCanvas {
  readonly chart: Chart;
  private xy: XyChart;
  private isXy = false;

  constructor(
    readonly box: HTMLElement,
    private metrics: MetricLines,
  ) {
    this.chart = new Chart(box);
    this.xy = new XyChart(box);
  }

  /** The element that spans the steps in view, if these are along the x axis. */
  get area(): HTMLElement | undefined {
    return this.isXy ? undefined : this.chart.area;
  }

  /** What is drawn now. */
  get shown(): Copyable {
    return this.isXy ? this.xy : this.chart;
  }

  draw({ kind, x }: Plot, lines: Line[], scene: Omit<Scene, "lines">): void {
    this.isXy = kind !== "line";
    this.box.classList.toggle("xy", this.isXy);
    if (kind === "line") this.chart.draw({ ...scene, lines });
    else if (kind === "histogram") this.xy.histogram(lines, scene.span, scene.log);
    else this.xy.scatter(lines, this.metrics.curve(x!), scene.span, scene.log);
  }

  dispose(): void {
    this.chart.dispose();
    this.xy.dispose();
  }
}

/** What a scatter plot or histogram shows, in words; nothing for lines, whose title tells it. */
export function kindText({ kind, x }: Plot): string {
  if (kind === "histogram") return "how often each value came";
  return kind === "scatter" ? `against ${x}` : "";
}
