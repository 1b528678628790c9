import type uPlot from "uplot";
import type { Annotation } from "./annotations";
import { nearest } from "./column";
import type { Curve } from "./curve";
import { precise } from "./format";
import { HoverCard } from "./hover_card";
import type { Line } from "./line";
import type { XAxis } from "./step_axis";

/** px */
const STRIDES: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, PageUp: -40, PageDown: 40 };
const NEAR = 4; // px
const MARKS = 3; // sentences in the card

/** A card with the values under the crosshair, which follows the mouse or the arrow keys and stops at recorded steps only. */
export class Hover {
  lines: Line[] = [];
  checkpoints: Annotation[] = [];
  annotations: Annotation[] = [];
  xAxis!: XAxis;
  /** The step that the card is of, while it shows. */
  step: number | undefined;
  private card = new HoverCard();
  private plot: uPlot | undefined;

  constructor(private box: HTMLElement) {
    box.addEventListener("keydown", this.key);
    box.addEventListener("blur", this.leave);
  }

  attach(plot: uPlot): void {
    this.plot = plot;
    this.card.attach(plot);
  }

  /** The position of the recorded step nearest to `left`; `left` itself outside of the plot. */
  snap(plot: uPlot, left: number): number {
    const step = left < 0 ? undefined : this.stepAt(plot, left);
    return step === undefined ? left : clamp(this.leftOf(plot, step), 0, plot.over.clientWidth);
  }

  show(plot: uPlot): void {
    const left = plot.cursor.left ?? -1;
    const step = left < 0 ? undefined : this.stepAt(plot, left);
    this.step = step;
    if (step === undefined) {
      this.card.hide();
      return;
    }
    this.card.open([`step ${step}`, this.xAxis.told(step)].filter(Boolean).join(" · "));
    for (const { series, color, evaluated } of this.lines) {
      if (series.step.length) this.addValue(series.name, series.value.values[nearest(series.step.values, step)], color);
      const found = evaluated && this.pointNear(plot, left, evaluated);
      if (found) this.addValue(`${series.name} evaluated`, found.value, color);
    }
    for (const { step: at, label } of this.checkpoints) {
      const isNear = Math.abs(this.leftOf(plot, at) - left) <= NEAR;
      if (isNear) this.card.addRow("checkpoint", at === step ? label : `${label} (step ${at})`, "--good");
    }
    this.showMarks(plot, left);
    this.card.place(plot, left);
  }

  /** Of the marks here, what happened and who asked for it: the last ones. */
  private showMarks(plot: uPlot, left: number): void {
    const here = this.annotations.filter(({ step }) => Math.abs(this.leftOf(plot, step) - left) <= NEAR);
    for (const { sentence, label } of here.slice(-MARKS)) this.card.addMark(sentence ?? label);
  }

  private addValue(name: string, value: number, color: string): void {
    this.card.addRow(name, precise(value), Number.isFinite(value) ? color : "--bad");
  }

  dispose(): void {
    this.box.removeEventListener("keydown", this.key);
    this.box.removeEventListener("blur", this.leave);
  }

  /** The recorded step nearest to a position, or the step of an evaluation where that is nearer. */
  private stepAt(plot: uPlot, left: number): number | undefined {
    const wanted = this.stepUnder(plot, left);
    const steps = this.lines.find(({ series }) => series.step.length)?.series.step.values;
    let step = steps?.[nearest(steps, wanted)];
    for (const { evaluated } of this.lines) {
      const found = evaluated && this.pointNear(plot, left, evaluated)?.step;
      if (found !== undefined && !(Math.abs(found - wanted) >= Math.abs(step! - wanted))) step = found;
    }
    return step;
  }

  private key = (event: KeyboardEvent): void => {
    const { plot } = this;
    if (!plot?.over.offsetWidth || event.ctrlKey || event.metaKey || event.altKey) return;
    const left = this.target(plot, event.key);
    if (left === undefined) return;
    event.preventDefault();
    this.card.isSpoken = true;
    plot.setCursor({ left, top: left < 0 ? -10 : 10 });
  };

  private leave = (): void => {
    this.card.isSpoken = false;
    this.plot?.setCursor({ left: -10, top: -10 });
  };

  private target(plot: uPlot, key: string): number | undefined {
    if (key === "Escape") return -10;
    if (key === "Home") return 0;
    if (key === "End") return plot.over.clientWidth;
    if (!(key in STRIDES)) return undefined;
    const steps = this.lines.find(({ series }) => series.step.length)?.series.step.values;
    if (!steps) return undefined;
    const here = plot.cursor.left ?? -1;
    if (here < 0) return plot.over.clientWidth;
    return this.next(plot, steps, here, STRIDES[key]);
  }

  /** The next step that is at least a pixel away, so that a million steps need not be passed one by one. */
  private next(plot: uPlot, steps: Float64Array, here: number, stride: number): number {
    const index = nearest(steps, this.stepUnder(plot, here));
    const pixel = nearest(steps, this.stepUnder(plot, here + stride));
    const neighbour = clamp(index + Math.sign(stride), 0, steps.length - 1);
    const wanted = pixel === index ? neighbour : pixel;
    return clamp(this.leftOf(plot, steps[wanted]), 0, plot.over.clientWidth);
  }

  private leftOf(plot: uPlot, step: number): number {
    return plot.valToPos(this.xAxis.toX(step), "x");
  }

  private stepUnder(plot: uPlot, left: number): number {
    return this.xAxis.toStep(plot.posToVal(left, "x"));
  }

  /** The point of a curve at a position, if it has one within a few pixels. */
  private pointNear(plot: uPlot, left: number, { step, value }: Curve): { step: number; value: number } | undefined {
    const i = nearest(step.values, this.stepUnder(plot, left));
    const isNear = Math.abs(this.leftOf(plot, step.at(i)) - left) <= NEAR;
    return isNear ? { step: step.at(i), value: value.at(i) } : undefined;
  }
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
