import { Chart, type Line } from "./chart";
import type { Curve } from "./curve";
import { add, addButton, setFigure, write, type Part } from "./dom";
import { brief } from "./format";
import { followGestures } from "./gestures";
import { HeatMap } from "./heat_map";
import { HeatScale } from "./heat_scale";
import { JoinedPeaks } from "./joined_peaks";
import { LayerCurve } from "./layer_curve";
import { shorten } from "./layer_names";
import type { Peaks } from "./peaks";
import type { Event } from "./protocol";
import { Series } from "./series";
import type { Store } from "./store";
import { themeOf } from "./theme";

interface Measure {
  column: string;
  title: string;
  button: string;
}

const MEASURES: Measure[] = [
  { column: "norm", title: "Gradient norm", button: "gradient" },
  { column: "update_ratio", title: "Update ratio", button: "update" },
  { column: "parameter_norm", title: "Weight norm", button: "weight" },
];

const NAME = 20; // characters of a name beside other words

export const gradients: Part = (parent, store) => new GradientNorms(parent, store).dispose;

class GradientNorms {
  private section: HTMLElement;
  private title: HTMLElement;
  private period: HTMLElement;
  private measures: Map<Measure, HTMLButtonElement>;
  private perLayer: HTMLButtonElement;
  private total: HTMLButtonElement;
  private reset: HTMLButtonElement;
  private finding: HTMLElement;
  private subject: HTMLElement;
  private value: HTMLElement;
  private scale: HeatScale;
  private empty: HTMLElement;
  private heat: HeatMap;
  private box: HTMLElement;
  private chart: Chart;
  private measure = MEASURES[0];
  private isTotal = false;
  private selected: number | null = null;
  private totals = new Series("total");
  private layer: LayerCurve | undefined;
  private joined = new Map(MEASURES.map((measure) => [measure, new JoinedPeaks()]));
  private drawn = "";
  private cleanups: (() => void)[];

  constructor(parent: HTMLElement, private store: Store) {
    this.section = add(parent, "section", "gradients");
    const heading = add(this.section, "div", "heading");
    this.title = add(heading, "h3");
    const tools = add(heading, "span", "tools");
    this.measures = new Map(MEASURES.map((measure) => [measure, this.addMeasure(tools, measure)]));
    this.perLayer = addButton(tools, "quiet apart", "per layer", () => this.showTotal(false));
    this.total = addButton(tools, "quiet", "total", () => this.showTotal(true));
    this.reset = addButton(tools, "quiet reset", "reset zoom", () => store.viewport.reset());
    this.finding = add(this.section, "p", "finding");
    this.finding.setAttribute("role", "status");
    const key = add(this.section, "div", "key");
    const shown = add(key, "span", "shown muted");
    this.subject = add(shown, "span", "subject");
    this.value = add(shown, "span", "num value");
    this.period = add(key, "span", "muted period");
    this.scale = new HeatScale(key);
    this.empty = add(this.section, "p", "empty muted", "Waiting for the first gradients");
    this.heat = new HeatMap(this.section, store.viewport, (layer) => this.select(layer));
    this.box = add(this.section, "div", "curve");
    this.box.tabIndex = 0;
    this.box.setAttribute("role", "group");
    this.box.setAttribute("data-lm-suppress-shortcuts", "");
    this.chart = new Chart(this.box);
    const observer = new ResizeObserver(() => store.touch());
    observer.observe(this.section);
    this.cleanups = [
      store.listen(() => this.update()),
      followGestures(this.box, () => this.chart.area, store.viewport),
      () => observer.disconnect(),
      () => this.heat.dispose(),
      () => this.chart.dispose(),
    ];
  }

  dispose = (): void => this.cleanups.forEach((cleanup) => cleanup());

  private update(): void {
    const { store, measure, isTotal, selected, section, box } = this;
    const shown = JSON.stringify([
      store.version, store.viewport.zoom, measure.column, isTotal, selected,
      themeOf(section), section.clientWidth, box.clientHeight, devicePixelRatio,
    ]);
    if (shown === this.drawn) return;
    this.drawn = shown;
    this.redraw();
  }

  private redraw(): void {
    const { store } = this;
    this.totals.take(this.tables());
    const any = this.totals.step.length > 0;
    this.section.hidden = !any && (store.state?.gradients_every ?? null) === null;
    this.empty.hidden = any;
    const peaks = any && !this.isTotal ? this.peaks(this.measure) : undefined;
    if (peaks && this.selected !== null && this.selected >= peaks.layers) this.selected = null;
    this.showWords(any, peaks);
    this.heat.box.hidden = !peaks;
    this.box.hidden = !any;
    this.box.classList.toggle("tall", !peaks);
    if (peaks) {
      const names = this.namesOf(peaks);
      this.heat.draw({ title: this.measure.title, peaks, names, selected: this.selected });
    }
    if (any) this.drawCurve(peaks);
  }

  private drawCurve(peaks: Peaks | undefined): void {
    const curve = this.curveOf(peaks);
    const { road, span } = this.store.viewport;
    const lines: Line[] = [{ series: curve, color: "--train", beta: 0, dotted: false }];
    this.describe(curve);
    this.chart.draw({ lines, road, span, log: curve.highest > 0, gutter: peaks && this.heat.gutter });
  }

  private describe(curve: Curve): void {
    const last = curve.value.last;
    const value = last === undefined ? "no gradient" : brief(last);
    const isLayer = curve !== this.totals;
    write(this.subject, isLayer ? `${shorten(curve.name, NAME)} ` : "total norm ");
    this.subject.title = curve.name;
    setFigure(this.value, value, last !== undefined && !Number.isFinite(last));
    const what = isLayer ? `${this.measure.title} of ${curve.name}` : "Total gradient norm";
    this.box.setAttribute("aria-label", `${what} plot: ${value}`);
  }

  private curveOf(peaks: Peaks | undefined): Curve {
    if (!peaks || this.selected === null) return this.totals;
    const name = this.namesOf(peaks)[this.selected];
    if (this.layer?.peaks !== peaks || this.layer.name !== name) this.layer = new LayerCurve(name, peaks, this.selected);
    this.layer.take();
    return this.layer;
  }

  private showWords(any: boolean, peaks: Peaks | undefined): void {
    const { store, isTotal } = this;
    write(this.title, isTotal ? MEASURES[0].title : this.measure.title);
    this.showPeriod();
    this.measures.forEach((button, measure) => {
      button.hidden = isTotal || !this.columns(measure).some(({ step }) => step.length);
      button.setAttribute("aria-pressed", String(measure === this.measure));
    });
    this.perLayer.hidden = this.total.hidden = !any;
    this.perLayer.setAttribute("aria-pressed", String(!isTotal));
    this.total.setAttribute("aria-pressed", String(isTotal));
    this.reset.hidden = !store.viewport.zoom;
    this.scale.show(peaks?.range);
    const { finding } = store.ledger;
    this.finding.hidden = !finding;
    if (finding) write(this.finding, told(finding, this.called(finding.layer ?? "")));
  }

  private showPeriod(): void {
    const every = this.store.state?.gradients_every ?? 1;
    write(this.period, every > 1 ? `every ${every} steps` : "");
    const { budget } = this.store.ledger;
    if (budget?.share) this.period.title = `Each measurement takes ${Math.round(100 * budget.share)} % of a step's time`;
  }

  /** What a layer is called here: its name, or its number and its kind. */
  private called(layer: string): string {
    return this.store.layers.find((name) => name === layer || name.startsWith(`${layer} `)) ?? layer;
  }

  private tables() {
    return [...this.store.tables.values()].filter(({ stream }) => stream === "gradients");
  }

  private columns({ column }: Measure): Peaks[] {
    return this.tables().flatMap(({ peaks }) => peaks.get(column) ?? []);
  }

  private peaks(measure: Measure): Peaks | undefined {
    return this.joined.get(measure)!.join(this.columns(measure));
  }

  private namesOf({ layers }: Peaks): string[] {
    return Array.from({ length: layers }, (_, i) => this.store.layers[i] ?? `layer ${i}`);
  }

  private addMeasure(tools: HTMLElement, measure: Measure): HTMLButtonElement {
    const button = addButton(tools, "quiet", measure.button, () => {
      this.measure = measure;
      this.store.touch();
    });
    button.setAttribute("aria-label", measure.title.toLowerCase());
    button.title = measure.title;
    return button;
  }

  private showTotal(isTotal: boolean): void {
    this.isTotal = isTotal;
    this.store.touch();
  }

  private select(layer: number | null): void {
    this.selected = layer;
    this.store.touch();
  }
}

function told({ value, step, layers }: Event, layer: string): string {
  const count = layers === 1 ? "1 layer" : `${layers} layers`;
  return `${value === "nan" ? "NaN" : "Infinity"} first at step ${step}, in ${layer} (${count})`;
}
