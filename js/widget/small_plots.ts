import type { Plot } from "./arrangement";
import { ConstantValues } from "./constant_values";
import { add } from "./dom";
import type { MetricLines } from "./metric_lines";
import type { PlotActions } from "./plot_menu";
import { SmallPlot } from "./small_plot";
import type { Store } from "./store";

const NARROWEST = 172; // px, of a small plot with the gap beside it, as in metrics.css
const [HEIGHT, GAP] = [108, 8]; // px, as there
const BUDGET = 6; // ms of a frame; plots that are left are drawn in the next ones

/** The small multiples. Those that are seen are drawn, as many in a frame as there is time for. */
export class SmallPlots {
  private grid: HTMLElement;
  private held = new Map<string, SmallPlot>();
  private constants: ConstantValues;
  /** Those that are to be drawn again, first those that have waited longest. */
  private stale = new Set<SmallPlot>();
  private visible = new IntersectionObserver((entries) => this.see(entries));

  constructor(
    private parent: HTMLElement,
    private store: Store,
    private metrics: MetricLines,
    private actions: PlotActions,
  ) {
    this.grid = add(parent, "div", "smalls");
    this.constants = new ConstantValues(metrics, actions);
  }

  /** How many of them are beside each other. */
  get columns(): number {
    return Math.max(1, Math.floor((this.grid.clientWidth || this.parent.clientWidth) / NARROWEST));
  }

  /** Takes the plots in order, and those that only have a value; there is room for so many rows, be there less of them. */
  place(plots: Plot[], constant: Plot[], rows: number): void {
    const wanted = new Set(plots.map(({ key }) => key));
    for (const [key, small] of this.held) if (!wanted.has(key)) this.remove(key, small);
    const elements = plots.map((plot) => {
      const small = this.held.get(plot.key) ?? this.add(plot);
      small.take(plot);
      return small.element;
    });
    this.constants.show(constant);
    if (constant.length) elements.push(this.constants.element);
    const isPlaced = elements.length === this.grid.children.length && elements.every((element, i) => this.grid.children[i] === element);
    if (!isPlaced) this.grid.replaceChildren(...elements);
    this.grid.hidden = !elements.length;
    this.grid.style.minHeight = rows ? `${rows * (HEIGHT + GAP) - GAP}px` : "";
  }

  /** All are to be drawn again. */
  renew(): void {
    for (const small of this.held.values()) this.stale.add(small);
  }

  draw(drawOne: (small: SmallPlot) => void): void {
    const until = performance.now() + BUDGET;
    for (const small of this.stale) {
      if (!small.isVisible) continue;
      if (performance.now() > until) {
        this.store.touch();
        return;
      }
      this.stale.delete(small);
      drawOne(small);
    }
  }

  dispose(): void {
    this.visible.disconnect();
    for (const small of this.held.values()) small.dispose();
  }

  private add(plot: Plot): SmallPlot {
    const small = new SmallPlot(this.metrics, this.store.viewport, this.actions);
    this.held.set(plot.key, small);
    this.visible.observe(small.element);
    return small;
  }

  private remove(key: string, small: SmallPlot): void {
    this.held.delete(key);
    this.stale.delete(small);
    this.visible.unobserve(small.element);
    small.dispose();
  }

  private see(entries: IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      for (const small of this.held.values()) if (small.element === target) small.isVisible = isIntersecting;
    }
    this.store.touch();
  }
}
