import type { EventLog } from "./event_log";
import type { State } from "./protocol";
import type { RecordedAxis } from "./recorded_axis";
import { Series } from "./series";
import { StepAxis, type XAxis } from "./step_axis";
import type { TableHolder } from "./table";
import { type By, XAxes } from "./x_axes";

export type Span = [from: number, to: number];

const CLOSEST = 4; // steps; a closer zoom is not possible

/** Tells which steps there are, and is told when others are in view. */
interface Source extends TableHolder {
  readonly state: State | null;
  readonly eventLog: EventLog;
  readonly version: number;
  touch(): void;
}

/** What gestures act upon. */
export interface View {
  readonly span: Span;
  /** null while the whole run is in view. */
  readonly zoom: Span | null;
  zoomTo(from: number, to: number): void;
  /** Shows `factor` times as much; what is at `center` stays where it is. */
  magnify(factor: number, center: number): void;
  pan(by: number): void;
  reset(): void;
}

/** The steps that are in view; they are the same in all plots of a panel, whatever their x axis shows. */
export class Viewport implements View {
  zoom: Span | null = null;
  private epochs = new Series("epoch");
  private axes = new XAxes();
  private chosen: By | null = null;
  private axis: StepAxis | undefined;
  private other: RecordedAxis | undefined;
  private counting: string[] = [];
  private version = -1;

  constructor(private store: Source) {}

  /** By step, also where other plots have another axis. */
  get stepAxis(): StepAxis {
    this.renew();
    return this.axis!;
  }

  /** What the x axis of metrics shows. */
  get xAxis(): XAxis {
    this.renew();
    return this.other ?? this.axis!;
  }

  /** What the x axis of metrics was chosen to show: null for epochs, or steps if there is one epoch only. */
  get by(): By | null {
    return this.chosen;
  }

  set by(by: By | null) {
    if (by === this.chosen) return;
    this.chosen = by;
    this.version = -1;
    this.store.touch();
  }

  /** What it can show. */
  get choices(): By[] {
    const { hasEpochs } = this.stepAxis;
    return ["step", ...(hasEpochs ? ["epoch"] : []), ...this.axes.choices(this.store.tables)];
  }

  /** The metrics that count something, such as `tokens`. */
  get counters(): string[] {
    this.renew();
    return this.counting;
  }

  /** What is in view in terms of the x axis of metrics, for their plots' gestures. */
  readonly byX: View = new ViewByX(this);

  get span(): Span {
    return this.zoom ?? [this.stepAxis.start, this.stepAxis.end];
  }

  /** The last step of the run so far. */
  get last(): number {
    return this.stepAxis.last;
  }

  zoomTo(from: number, to: number): void {
    const { start, end } = this.stepAxis;
    const length = Math.min(Math.max(to - from, CLOSEST), end - start);
    const left = clamp((from + to - length) / 2, start, end - length);
    this.zoom = length < end - start ? [left, left + length] : null;
    this.store.touch();
  }

  magnify(factor: number, center: number): void {
    const [from, to] = this.span;
    this.zoomTo(center - (center - from) * factor, center + (to - center) * factor);
  }

  pan(steps: number): void {
    if (!this.zoom) return;
    const { start, end } = this.stepAxis;
    const [from, to] = this.zoom;
    const by = clamp(steps, start - from, end - to);
    this.zoom = [from + by, to + by];
    this.store.touch();
  }

  reset(): void {
    this.zoom = null;
    this.store.touch();
  }

  private renew(): void {
    if (this.axis && this.version === this.store.version) return;
    this.version = this.store.version;
    const { tables, state, eventLog } = this.store;
    const known = [...tables.values()].filter(({ stream }) => stream !== "system");
    this.epochs.take(known.filter(({ stream }) => stream === "train"));
    this.axis = new StepAxis(this.epochs, Math.max(0, ...known.map(({ step }) => step.last ?? 0)), state);
    const { chosen } = this;
    this.axis.isPlain = chosen === "step";
    this.counting = this.axes.counters(tables);
    this.other =
      chosen === null || chosen === "step" || chosen === "epoch" ? undefined : this.axes.axis(chosen, tables, eventLog, this.axis);
  }
}

/** A viewport in terms of its x axis. */
class ViewByX implements View {
  constructor(private viewport: Viewport) {}

  get span(): Span {
    return this.inX(this.viewport.span);
  }

  get zoom(): Span | null {
    return this.viewport.zoom && this.inX(this.viewport.zoom);
  }

  zoomTo(from: number, to: number): void {
    const { xAxis } = this.viewport;
    this.viewport.zoomTo(xAxis.toStep(from), xAxis.toStep(to));
  }

  magnify(factor: number, center: number): void {
    const [from, to] = this.span;
    this.zoomTo(center - (center - from) * factor, center + (to - center) * factor);
  }

  pan(by: number): void {
    const [from, to] = this.span;
    const { xAxis } = this.viewport;
    const middle = (from + to) / 2;
    this.viewport.pan(xAxis.toStep(middle + by) - xAxis.toStep(middle));
  }

  reset(): void {
    this.viewport.reset();
  }

  private inX([from, to]: Span): Span {
    const { xAxis } = this.viewport;
    return [xAxis.toX(from), xAxis.toX(to)];
  }
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
