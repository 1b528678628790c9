import { Road } from "./road";
import { Series } from "./series";
import type { Store } from "./store";

export type Span = [from: number, to: number];

const CLOSEST = 4; // steps

/** The steps that are in view, in all plots of a panel alike. */
export class Viewport {
  /** null while the whole run is in view. */
  zoom: Span | null = null;
  private epochs = new Series("epoch");
  private known: Road | undefined;
  private version = -1;

  constructor(private store: Store) {}

  get road(): Road {
    if (!this.known || this.version !== this.store.version) this.known = this.survey();
    return this.known;
  }

  get span(): Span {
    return this.zoom ?? [this.road.start, this.road.end];
  }

  zoomTo(from: number, to: number): void {
    const { start, end } = this.road;
    const length = Math.min(Math.max(to - from, CLOSEST), end - start);
    const left = clamp((from + to - length) / 2, start, end - length);
    this.zoom = length < end - start ? [left, left + length] : null;
    this.store.touch();
  }

  /** Shows `factor` times as many steps; the one at `center` stays where it is. */
  magnify(factor: number, center: number): void {
    const [from, to] = this.span;
    this.zoomTo(center - (center - from) * factor, center + (to - center) * factor);
  }

  pan(steps: number): void {
    if (!this.zoom) return;
    const { start, end } = this.road;
    const [from, to] = this.zoom;
    const by = clamp(steps, start - from, end - to);
    this.zoom = [from + by, to + by];
    this.store.touch();
  }

  reset(): void {
    this.zoom = null;
    this.store.touch();
  }

  private survey(): Road {
    this.version = this.store.version;
    const tables = [...this.store.tables.values()].filter(({ stream }) => stream !== "system");
    this.epochs.take(tables.filter(({ stream }) => stream === "train"));
    return new Road(this.epochs, Math.max(0, ...tables.map(({ step }) => step.last ?? 0)), this.store.state);
  }
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
