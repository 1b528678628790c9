import type uPlot from "uplot";
import type { Line } from "./chart";
import { nearest } from "./column";
import type { Curve } from "./curve";
import { add } from "./dom";
import { precise } from "./format";
import type { Mark } from "./marks";

const STRIDES: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, PageUp: -40, PageDown: 40 };
const NEAR = 4; // px

/** The values under the crosshair, which follows the mouse or the arrow keys and rests on recorded steps only. */
export class Hover {
  lines: Line[] = [];
  kept: Mark[] = [];
  private card = document.createElement("div");
  private plot: uPlot | undefined;

  constructor(private box: HTMLElement) {
    this.card.className = "hover";
    this.card.hidden = true;
    box.addEventListener("keydown", this.key);
    box.addEventListener("blur", this.leave);
  }

  attach(plot: uPlot): void {
    this.plot = plot;
    this.card.hidden = true;
    plot.over.append(this.card);
  }

  /** The position of the recorded step that is nearest to a position; off the plot it stays as it is. */
  snap(plot: uPlot, left: number): number {
    const step = left < 0 ? undefined : this.stepAt(plot, left);
    return step === undefined ? left : clamp(plot.valToPos(step, "x"), 0, plot.over.clientWidth);
  }

  show(plot: uPlot): void {
    const left = plot.cursor.left ?? -1;
    const step = left < 0 ? undefined : this.stepAt(plot, left);
    this.card.hidden = step === undefined;
    if (step === undefined) return;
    this.card.replaceChildren();
    add(this.card, "span", "wide", `step ${step}`);
    for (const { series, color, evaluated } of this.lines) {
      if (series.step.length) this.tellValue(series.name, series.value.values[nearest(series.step.values, step)], color);
      const found = evaluated && beside(plot, left, evaluated);
      if (found) this.tellValue(`${series.name} evaluated`, found.value, color);
    }
    for (const { step: at, label } of this.kept) {
      const isNear = Math.abs(plot.valToPos(at, "x") - left) <= NEAR;
      if (isNear) this.tell("checkpoint", at === step ? label : `${label} (step ${at})`, "--good");
    }
    this.place(plot, left);
  }

  private tellValue(name: string, value: number, color: string): void {
    this.tell(name, precise(value), Number.isFinite(value) ? color : "--bad");
  }

  private tell(name: string, text: string, color: string): void {
    for (const cell of [name, text]) add(this.card, "span", "", cell).style.color = `var(${color}-text)`;
  }

  dispose(): void {
    this.box.removeEventListener("keydown", this.key);
    this.box.removeEventListener("blur", this.leave);
  }

  private place(plot: uPlot, left: number): void {
    const room = plot.over.clientWidth;
    const width = this.card.offsetWidth;
    const right = left + 9 + width <= room ? left + 9 : left - 9 - width;
    this.card.style.left = `${clamp(right, 0, Math.max(0, room - width))}px`;
  }

  /** What an evaluation found is in reach too, where no row is nearer. */
  private stepAt(plot: uPlot, left: number): number | undefined {
    const wanted = plot.posToVal(left, "x");
    const steps = this.lines.find(({ series }) => series.step.length)?.series.step.values;
    let step = steps?.[nearest(steps, wanted)];
    for (const { evaluated } of this.lines) {
      const found = evaluated && beside(plot, left, evaluated)?.step;
      if (found !== undefined && !(Math.abs(found - wanted) >= Math.abs(step! - wanted))) step = found;
    }
    return step;
  }

  private key = (event: KeyboardEvent): void => {
    const { plot } = this;
    if (!plot || event.ctrlKey || event.metaKey || event.altKey) return;
    const left = this.target(plot, event.key);
    if (left === undefined) return;
    event.preventDefault();
    this.card.setAttribute("aria-live", "polite");
    plot.setCursor({ left, top: left < 0 ? -10 : 10 });
  };

  private leave = (): void => {
    this.card.removeAttribute("aria-live");
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

  /** The next step that lies at least a pixel away: a million of them are not walked one by one. */
  private next(plot: uPlot, steps: Float64Array, here: number, stride: number): number {
    const index = nearest(steps, plot.posToVal(here, "x"));
    const pixel = nearest(steps, plot.posToVal(here + stride, "x"));
    const beside = clamp(index + Math.sign(stride), 0, steps.length - 1);
    const wanted = pixel === index ? beside : pixel;
    return clamp(plot.valToPos(steps[wanted], "x"), 0, plot.over.clientWidth);
  }
}

/** The point under the crosshair, if there is one. */
function beside(plot: uPlot, left: number, { step, value }: Curve): { step: number; value: number } | undefined {
  const i = nearest(step.values, plot.posToVal(left, "x"));
  const isNear = Math.abs(plot.valToPos(step.at(i), "x") - left) <= NEAR;
  return isNear ? { step: step.at(i), value: value.at(i) } : undefined;
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
