import { Chart, type Line } from "./chart";
import { keptMarks } from "./checkpoints";
import type { Curve } from "./curve";
import { add, addButton, write, type Part } from "./dom";
import { brief } from "./format";
import { followGestures } from "./gestures";
import { LearningRate } from "./learning_rate";
import { Legend, type Other } from "./legend";
import { families, familyOf, isTwin, latest } from "./metrics";
import { Series } from "./series";
import type { Store } from "./store";
import { themeOf } from "./theme";

const SMOOTHINGS = [0, 0.9, 0.98];
const TWIN_COLORS = ["--valid", "--third", "--fourth"];

export const lossPlot: Part = (panel, store) => new LossPlot(panel, store).dispose;

class LossPlot {
  private section: HTMLElement;
  private title: HTMLElement;
  private smoothing: HTMLButtonElement;
  private scale: HTMLButtonElement;
  private reset: HTMLButtonElement;
  private legend: Legend;
  private empty: HTMLElement;
  private box: HTMLElement;
  private chart: Chart;
  private rate: LearningRate;
  private held = new Map<string, Series>();
  private family = "loss";
  private beta = SMOOTHINGS[1];
  /** null until somebody chose. */
  private log: boolean | null = null;
  private drawn = "";
  private unlisten: () => void;
  private ungesture: () => void;
  private observer = new ResizeObserver(() => this.store.touch());

  constructor(parent: HTMLElement, private store: Store) {
    this.section = add(parent, "section", "loss");
    const heading = add(this.section, "div", "heading");
    this.title = add(heading, "h3", "", "Loss");
    const tools = add(heading, "span", "tools");
    this.smoothing = addButton(tools, "quiet", "", () => this.cycleSmoothing());
    this.scale = addButton(tools, "quiet", "", () => this.toggleScale());
    this.reset = addButton(tools, "quiet", "reset zoom", () => store.viewport.reset());
    this.legend = new Legend(this.section, (family) => this.choose(family));
    this.empty = add(this.section, "p", "empty muted");
    this.box = add(this.section, "div", "plot");
    this.box.tabIndex = 0;
    this.box.setAttribute("role", "group");
    this.box.setAttribute("data-lm-suppress-shortcuts", "");
    this.chart = new Chart(this.box);
    this.rate = new LearningRate(this.section, store);
    this.ungesture = followGestures(this.box, () => this.chart.area, store.viewport);
    this.observer.observe(this.section);
    this.unlisten = store.listen(() => this.update());
  }

  dispose = (): void => {
    this.unlisten();
    this.ungesture();
    this.observer.disconnect();
    this.chart.dispose();
    this.rate.dispose();
  };

  private update(): void {
    const { store, family, beta, log, section, box } = this;
    const shown = JSON.stringify([
      store.version, store.viewport.zoom, family, beta, log,
      themeOf(section), section.clientWidth, box.clientHeight, devicePixelRatio,
    ]);
    if (shown === this.drawn) return;
    this.drawn = shown;
    this.redraw();
  }

  private redraw(): void {
    const known = families(this.store);
    if (!known.has(this.family)) this.family = known.keys().next().value ?? this.family;
    const lines = this.linesOf(this.namesIn(known));
    const log = this.log ?? this.suitsLog(lines);
    this.empty.hidden = lines.length > 0;
    write(this.empty, this.store.state?.step ? "No metric logged yet" : "Waiting for the first step");
    this.box.hidden = !lines.length;
    this.showTools(log, lines.length > 0);
    this.legend.show(lines, this.others(known));
    if (lines.length) {
      const { ledger, state, viewport } = this.store;
      const { road, span } = viewport;
      this.box.setAttribute("aria-label", `${titleOf(this.family)} plot: ${spoken(lines)}`);
      this.chart.draw({ lines, log, span, road, marks: ledger.marks, kept: keptMarks(state), told: this.rate.lines });
    }
    this.rate.draw(this.chart.gutter);
  }

  /** The metrics of the family on show, also those that nothing but an evaluation has found. */
  private namesIn(known: Map<string, string[]>): string[] {
    const found = [...this.store.ledger.evaluated.keys()].filter((name) => familyOf(name) === this.family);
    return [...new Set([...(known.get(this.family) ?? []), ...found])];
  }

  private linesOf(names: string[]): Line[] {
    const colors = [...TWIN_COLORS];
    return names.map((name) => {
      const series = this.held.get(name) ?? new Series(name);
      this.held.set(name, series);
      series.take(this.store.tables.values());
      const dotted = this.isPerEpoch(series);
      const color = isTwin(name) ? colors.shift() ?? "--fourth" : "--train";
      return { series, color, dotted, beta: dotted ? 0 : this.beta, evaluated: this.store.ledger.evaluated.get(name) };
    });
  }

  /** Logged about once an epoch, like what a validation yields: every value counts, there is no noise to smooth. */
  private isPerEpoch({ name, step }: Series): boolean {
    if (isTwin(name)) return true;
    const epoch = this.store.state?.epoch ?? 0;
    const gap = (step.last! - step.values[0]) / (step.length - 1);
    return step.length <= epoch + 1 && gap > 1;
  }

  /** A loss is read in factors; of other metrics only those that span a wide range, an accuracy never. */
  private suitsLog(lines: Line[]): boolean {
    const curves = lines.flatMap(({ series, evaluated }) => (evaluated ? [series, evaluated] : [series]));
    const lowest = Math.min(...curves.map((curve) => curve.lowest));
    const highest = Math.max(...curves.map((curve) => curve.highest));
    return lowest > 0 && (this.family.includes("loss") || highest > 100 * lowest);
  }

  private others(known: Map<string, string[]>): Other[] {
    return [...known].filter(([family]) => family !== this.family).map(([family, names]) => {
      const name = names[0];
      return { family, name, value: latest(this.store, name)! };
    });
  }

  private showTools(log: boolean, any: boolean): void {
    write(this.title, titleOf(this.family));
    write(this.smoothing, `smooth ${this.beta}`);
    write(this.scale, log ? "log" : "linear");
    this.scale.setAttribute("aria-pressed", String(log));
    this.smoothing.hidden = this.scale.hidden = !any;
    this.reset.hidden = !this.store.viewport.zoom;
  }

  private cycleSmoothing(): void {
    this.beta = SMOOTHINGS[(SMOOTHINGS.indexOf(this.beta) + 1) % SMOOTHINGS.length];
    this.store.touch();
  }

  private toggleScale(): void {
    this.log = this.scale.getAttribute("aria-pressed") !== "true";
    this.store.touch();
  }

  private choose(family: string): void {
    this.family = family;
    this.log = null;
    // The button that was pressed is about to go.
    this.box.focus();
    this.store.touch();
  }
}

const titleOf = (family: string): string => family.charAt(0).toUpperCase() + family.slice(1).replace(/_/g, " ");

const spoken = (lines: Line[]): string =>
  lines.map(({ series, evaluated }) => `${series.name} ${brief(lastOf(series, evaluated))}`).join(", ");

const lastOf = (series: Curve, evaluated?: Curve): number => series.value.last ?? evaluated?.value.last ?? NaN;
