import { changeDetector } from "./changes";
import { Chart } from "./chart";
import { Curve } from "./curve";
import { add } from "./dom";
import type { Finding } from "./finding_log";
import { oneLine, truncate } from "./format";
import type { Line } from "./line";
import { stylesOf, suitsLog } from "./line_style";
import { StepAxis } from "./step_axis";
import { themeOf } from "./theme";
import type { Span } from "./viewport";

const LONGEST = 40; // characters of a name
const MOST = 6; // curves
const SPACED = 12; // px between points that are drawn as dots

/** The points that prove a finding, as a plot. */
export class Proof {
  readonly element: HTMLElement;
  private legend: HTMLElement;
  private box: HTMLElement;
  private chart: Chart;
  private lines: Line[] = [];
  private isOther = changeDetector();
  private hasChanged = changeDetector();

  constructor(parent: HTMLElement) {
    this.element = add(parent, "div", "proof");
    this.legend = add(this.element, "div", "proof-legend");
    this.box = add(this.element, "div", "proof-plot");
    this.box.tabIndex = 0;
    this.box.setAttribute("role", "group");
    this.box.setAttribute("data-lm-suppress-shortcuts", "");
    this.chart = new Chart(this.box);
  }

  show({ event }: Finding): void {
    if (this.isOther(event.series)) this.take(event.series ?? {});
    const { lines, box } = this;
    this.element.hidden = !lines.length;
    if (!lines.length || !this.hasChanged(event.series, box.clientWidth, box.clientHeight, devicePixelRatio, themeOf(box))) return;
    const curves = lines.map(({ series }) => series);
    const span = spanOf(curves);
    const xAxis = new StepAxis(new Curve("epoch"), span[1], null);
    xAxis.isPlain = true;
    this.chart.draw({ lines, xAxis, span, log: suitsLog(curves, ""), twoAxes: true });
  }

  dispose(): void {
    this.chart.dispose();
  }

  private take(series: Record<string, number[][]>): void {
    const curves = Object.entries(series)
      .map(([name, points]) => curveOf(truncate(oneLine(name), LONGEST), points))
      .filter(({ step }) => step.length)
      .slice(0, MOST);
    const styles = stylesOf(curves.map(({ name }) => name));
    const dotted = curves.every(({ step }) => step.length * SPACED < (this.box.clientWidth || 300));
    this.lines = curves.map((curve) => ({ series: curve, ...styles.get(curve.name)!, smooth: 0, dotted }));
    this.legend.replaceChildren();
    for (const { series: curve, color, dashed } of this.lines) {
      const name = add(this.legend, "span", dashed ? "series dashed" : "series", curve.name);
      name.style.setProperty("--c", `var(${color})`);
    }
    const [from, to] = curves.length ? spanOf(curves) : [0, 0];
    this.box.setAttribute("aria-label", `Plot of ${curves.map(({ name }) => name).join(", ")}, steps ${from} to ${to}`);
  }
}

function curveOf(name: string, points: number[][]): Curve {
  const curve = new Curve(name);
  for (const [step, value] of [...points].sort((a, b) => a[0] - b[0])) curve.push(step, value);
  return curve;
}

/** The steps of the points, with some room where there is but one. */
function spanOf(curves: Curve[]): Span {
  const from = Math.min(...curves.map(({ step }) => step.at(0)));
  const to = Math.max(...curves.map(({ step }) => step.last!));
  return from < to ? [from, to] : [from - 1, to + 1];
}
