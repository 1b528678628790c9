import { changeDetector } from "./changes";
import { Chart } from "./chart";
import { add, addButton, setAttribute, setNumber, write } from "./dom";
import { followGestures } from "./gestures";
import { HeatMap, heightFor } from "./heat_map";
import { HeatScale } from "./heat_scale";
import { JoinedLayerMaxima } from "./joined_layer_maxima";
import { LayerCurve } from "./layer_curve";
import type { LayerMaxima } from "./layer_maxima";
import type { Measure } from "./layer_measure";
import { shorten } from "./layer_names";
import { addTabs } from "./layer_tabs";
import { Totals } from "./layer_totals";
import type { Line } from "./line";
import type { Stream } from "./protocol";
import { ended } from "./requests";
import type { Store } from "./store";
import { themeOf } from "./theme";

/** What a view of the layers shows. */
export interface Kind {
  /** Also what its button says, where several views share a place. */
  name: string;
  stream: Stream;
  measures: Measure[];
  /** What stands there before the first of it has come. */
  waiting: string;
  names(store: Store): string[];
  /** Whether a run that goes on will have it. */
  isExpected(store: Store): boolean;
  /** What is wrong with it. */
  finding?(store: Store): string;
  /** How often it is measured, and why. */
  period?(store: Store): [text: string, why: string];
}

const REDUCED = "A column has the highest of its steps.";
const [CAPTION, CURVE] = [26, 118]; // px of what is below the map
const NAME = 20; // characters of a layer's name above the curve

/** A quantity of all layers, as a map over the steps, and the curve of one of them. */
export class LayerView {
  private section: HTMLElement;
  private showTabs: () => boolean;
  private title: HTMLElement;
  private period: HTMLElement;
  private measures: Map<Measure, HTMLButtonElement>;
  private reset: HTMLButtonElement;
  private words: HTMLElement;
  private finding: HTMLElement;
  private says: HTMLElement;
  private key: HTMLElement;
  private subject: HTMLElement;
  private value: HTMLElement;
  private scale: HeatScale;
  private empty: HTMLElement;
  private heat: HeatMap;
  private box: HTMLElement;
  private chart: Chart;
  private measure: Measure;
  private selected: number | null = null;
  private totals = new Totals();
  private layer: LayerCurve | undefined;
  private joined: Map<Measure, JoinedLayerMaxima>;
  private hasChanged = changeDetector();
  private cleanups: (() => void)[];

  constructor(
    parent: HTMLElement,
    private store: Store,
    private kind: Kind,
  ) {
    this.measure = kind.measures[0];
    this.joined = new Map(kind.measures.map((measure) => [measure, new JoinedLayerMaxima()]));
    this.section = add(parent, "section", `layers ${kind.name}`);
    const heading = add(this.section, "div", "heading");
    this.showTabs = addTabs(heading, store.layerTabs, kind.name);
    this.title = add(heading, "h3");
    const tools = add(heading, "span", "tools");
    const measures = add(tools, "span", "choice");
    this.measures = new Map(kind.measures.map((measure) => [measure, this.addMeasure(measures, measure)]));
    this.reset = addButton(tools, "quiet reset", "reset zoom", () => store.viewport.reset());
    this.words = add(this.section, "div", "words");
    this.finding = add(this.words, "p", "finding");
    this.finding.setAttribute("role", "status");
    this.says = add(this.words, "p", "muted");
    this.empty = add(this.section, "p", "empty muted", kind.waiting);
    this.heat = new HeatMap(this.section, store.viewport, (layer) => this.select(layer));
    this.key = add(this.section, "div", "key");
    const shown = add(this.key, "span", "shown muted");
    this.subject = add(shown, "span", "subject");
    this.value = add(shown, "span", "num value");
    this.period = add(this.key, "span", "muted period");
    this.scale = new HeatScale(this.key);
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

  dispose = (): void => {
    for (const cleanup of this.cleanups) cleanup();
  };

  private update(): void {
    const { store, measure, selected, section, box, kind } = this;
    const place = [themeOf(section), section.clientWidth, box.clientHeight, devicePixelRatio];
    const tabs = [store.layerTabs.names, store.layerTabs.isSeen(kind.name)];
    if (this.hasChanged(store.version, store.viewport.zoom, measure.column, selected, place, tabs)) this.redraw();
  }

  private redraw(): void {
    const { store, kind, measure } = this;
    const any = this.takeTables();
    const { layerTabs } = store;
    layerTabs.note(kind.name, any || (!ended(store.state) && kind.isExpected(store)));
    this.section.hidden = !layerTabs.isSeen(kind.name);
    // There is no room for both: the title is only heard then.
    this.title.classList.toggle("live-region", this.showTabs());
    if (this.section.hidden) return;
    this.empty.hidden = any;
    // As high as what takes its place.
    this.empty.style.flexBasis = `${heightFor(kind.names(store).length) + CAPTION + CURVE}px`;
    const maxima = any && !measure.isTotal ? this.maxima(measure) : undefined;
    const layer = this.layerOf(maxima);
    this.showWords(maxima);
    this.heat.box.hidden = !maxima;
    this.box.hidden = this.key.hidden = !any;
    this.key.classList.toggle("several", this.totals.curves.length > 1);
    this.box.classList.toggle("tall", !maxima);
    if (maxima) this.heat.draw({ measure, maxima, names: this.namesOf(maxima), selected: layer ? layer.layer : null });
    if (any) this.drawCurve(layer);
  }

  /** Returns whether there are any. */
  private takeTables(): boolean {
    const tables = this.tables();
    this.totals.take(tables, this.store.tables.values());
    return tables.some(({ step }) => step.length > 0);
  }

  private drawCurve(layer: LayerCurve | undefined): void {
    const { totals } = this;
    const { stepAxis, span } = this.store.viewport;
    const curves = layer ? [layer] : totals.curves;
    const lines: Line[] = curves.map((series, i) => ({ series, color: layer ? "--train" : totals.colorOf(i), smooth: 0, dotted: false }));
    if (layer) this.describe(layer);
    else this.describeTotals();
    const log = (!layer || this.measure.scale.isLog) && curves.some(({ highest }) => highest > 0);
    this.chart.draw({ lines, xAxis: stepAxis, span, log, gutter: layer || !this.heat.box.hidden ? this.heat.gutter : undefined });
  }

  private describe(layer: LayerCurve): void {
    const { scale, absent, title } = this.measure;
    const { last } = layer.value;
    const value = last === undefined ? absent : scale.brief(last);
    write(this.subject, `${shorten(layer.name, NAME)} `);
    this.subject.title = layer.name;
    setNumber(this.value, value, last !== undefined && !Number.isFinite(last));
    this.box.setAttribute("aria-label", `${title} of ${layer.name} plot: ${value}`);
  }

  private describeTotals(): void {
    write(this.subject, "total norm ");
    this.subject.title = "";
    this.box.setAttribute("aria-label", `Total gradient norm plot: ${this.totals.write(this.value)}`);
  }

  /** The curve of the layer that is selected; where there is no total, of the first one as long as none is. */
  private layerOf(maxima: LayerMaxima | undefined): LayerCurve | undefined {
    if (!maxima) return undefined;
    if (this.selected !== null && this.selected >= maxima.layers) this.selected = null;
    const index = this.selected ?? (this.totals.curves.length ? null : 0);
    if (index === null) return undefined;
    const name = this.namesOf(maxima)[index];
    if (this.layer?.maxima !== maxima || this.layer.name !== name) this.layer = new LayerCurve(name, maxima, index);
    this.layer.take();
    return this.layer;
  }

  private showWords(maxima: LayerMaxima | undefined): void {
    const { store, measure, kind } = this;
    write(this.title, measure.title);
    this.showPeriod();
    this.measures.forEach((button, one) => {
      button.disabled = one.isTotal ? !this.totals.curves.length : !this.columns(one).some(({ step }) => step.length);
      button.hidden = button.disabled && !store.isSteerable;
      button.setAttribute("aria-pressed", String(one === measure));
    });
    this.reset.hidden = !store.viewport.zoom;
    this.scale.show(maxima?.range, measure.scale);
    const finding = kind.finding?.(store) ?? "";
    this.finding.hidden = !finding;
    write(this.finding, finding);
    write(this.says, measure.isTotal ? measure.says : `${measure.says} ${REDUCED}`);
    setAttribute(this.words, "title", `${finding}\n${this.says.textContent}`.trim());
  }

  private showPeriod(): void {
    const [text, why] = this.kind.period?.(this.store) ?? ["", ""];
    write(this.period, text);
    setAttribute(this.period, "title", why);
  }

  private tables() {
    return [...this.store.tables.values()].filter(({ stream }) => stream === this.kind.stream);
  }

  private columns({ column }: Measure): LayerMaxima[] {
    return this.tables().flatMap(({ maxima }) => maxima.get(column) ?? []);
  }

  private maxima(measure: Measure): LayerMaxima | undefined {
    return this.joined.get(measure)!.join(this.columns(measure));
  }

  private namesOf({ layers }: LayerMaxima): string[] {
    const names = this.kind.names(this.store);
    return Array.from({ length: layers }, (_, i) => names[i] ?? `layer ${i}`);
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

  private select(layer: number | null): void {
    this.selected = layer;
    this.store.touch();
  }
}
