import { type Arrangement, arrange, CHOSEN, type Plot, plotsOf } from "./arrangement";
import { changeDetector } from "./changes";
import { type Choices, type KindChoice, Memory } from "./choices";
import { add } from "./dom";
import { LargePlot } from "./large_plot";
import type { Line } from "./line";
import { suitsLog } from "./line_style";
import { type Group, groupMetrics } from "./metric_groups";
import { MetricLines } from "./metric_lines";
import { MetricSearch } from "./metric_search";
import "./metrics.css";
import { latest, metricNames } from "./metrics";
import { nearestName } from "./nearest_name";
import type { Part } from "./part";
import type { PlotActions } from "./plot_menu";
import { ended } from "./requests";
import type { SmallPlot } from "./small_plot";
import { SmallPlots } from "./small_plots";
import { type Smoothing, windowOf } from "./smooth";
import type { Store } from "./store";
import { themeOf } from "./theme";
import { Unchanging } from "./unchanging";

const MOST = 9; // small plots
const FEWEST = 10; // values of a metric that never changed; of fewer, they may be equal by chance
const MOST_OTHERS = 200; // names that a plot can be drawn against

export const metricPlots: Part = (panel, store) => new MetricPlots(panel, store).dispose;

let count = 0; // of the panels in this page

/** What a plot draws, and on which scale. */
interface Drawing {
  lines: Line[];
  log: boolean;
}

/** All metrics of a run: the group that matters most large, the others as small multiples. */
class MetricPlots implements PlotActions {
  private section: HTMLElement;
  private large: LargePlot;
  private search: MetricSearch;
  private small: SmallPlots;
  private metrics: MetricLines;
  private memory: Memory;
  private choices: Choices;
  private names: string[] = [];
  private groups: Group[] = [];
  private now: Arrangement = { large: undefined, small: [], constant: [], more: 0 };
  /** How many rows of small plots there are; undefined where that may change. */
  private rows: number | undefined;
  private group = `trainbook ${count++}`;
  /** What the x axis shows, as far as was noted. */
  private by: string | null = null;
  private drawings = new WeakMap<Plot, Drawing>();
  private unchanging = new Unchanging();
  private hasChanged = changeDetector();
  private hasMoved = changeDetector();
  private isRegrouped = changeDetector();
  private isResized = changeDetector();
  private unlisten: () => void;
  private observer = new ResizeObserver(() => this.store.touch());

  constructor(
    parent: HTMLElement,
    private store: Store,
  ) {
    this.memory = new Memory(store.runId, store.runName, store.plots.length ? JSON.stringify(store.plots) : "");
    this.choices = this.memory.recall();
    this.metrics = new MetricLines(store);
    this.section = add(parent, "section", "metrics");
    this.large = new LargePlot(this.section, store, this.metrics, this, () => this.choose({ smoothing: (this.smoothing + 1) % 3 }));
    this.search = new MetricSearch(this.large.tools, this.section, {
      tick: (name, isOn) => this.tick(name, isOn),
      unhide: () => this.choose({ hidden: [] }),
      latest: (name) => latest(store, name),
    });
    this.small = new SmallPlots(this.section, store, this.metrics, this);
    for (const element of [this.section, this.large.box]) this.observer.observe(element);
    this.unlisten = store.listen(() => this.update());
  }

  dispose = (): void => {
    this.unlisten();
    this.observer.disconnect();
    this.large.dispose();
    this.small.dispose();
  };

  // What a person does

  enlarge(plot: Plot): void {
    this.choose({ large: plot.key });
    this.large.box.focus();
  }

  isPinned = ({ key }: Plot): boolean => this.choices.pinned.includes(key);

  pin({ key }: Plot): void {
    const others = this.choices.pinned.filter((one) => one !== key);
    this.choose({ pinned: others.length < this.choices.pinned.length ? others : [...others, key] });
  }

  hide({ key }: Plot): void {
    if (key === CHOSEN) this.choose({ chosen: [], large: null });
    else this.choose({ hidden: [...this.choices.hidden, key] });
  }

  isLog = (plot: Plot): boolean => this.drawingOf(plot).log;

  toggleLog(plot: Plot): void {
    this.choose({ log: { ...this.choices.log, [plot.key]: !this.isLog(plot) } });
  }

  show({ key }: Plot, as: KindChoice): void {
    this.choose({ kinds: { ...this.choices.kinds, [key]: as } });
  }

  others = ({ metrics }: Plot): string[] => this.names.filter((name) => !metrics.includes(name)).slice(0, MOST_OTHERS);

  /** What is ticked is what the large plot shows. */
  private tick(name: string, isOn: boolean): void {
    const before = (this.now.large?.metrics ?? []).filter((one) => one !== name);
    this.choose({ chosen: isOn ? [...before, name] : before, large: CHOSEN });
  }

  private choose(change: Partial<Choices>): void {
    this.choices = { ...this.choices, ...change };
    this.memory.keep(this.choices);
    this.rows = undefined;
    this.store.touch();
  }

  // What is drawn

  private update(): void {
    const { store, section, large, small } = this;
    this.noteAxis();
    const place = [themeOf(section), section.clientWidth, devicePixelRatio];
    const isNew = this.hasChanged(store.version, store.isSteerable, store.viewport.by, this.choices, place);
    if (isNew) this.sort();
    const marks = store.look.marks(store.eventLog.media);
    if (this.hasMoved(store.viewport.zoom, large.box.clientHeight, marks) || isNew) {
      small.renew();
      this.drawLarge();
    }
    small.draw((one) => this.drawSmall(one));
  }

  /** What is in which plot: while one pans and zooms, that stays. */
  private sort(): void {
    this.regroup();
    this.now = arrange(this.plots(), this.choices, (wanted) => this.room(wanted), {
      count: this.names.length,
      isConstant: (plot) => this.isConstant(plot),
    });
    const { large, small, constant, more } = this.now;
    this.setAxis(large);
    this.section.classList.toggle("alone", !small.length && !constant.length && this.store.plots.length !== 1);
    this.small.place(small, constant, this.rows ?? 0); // before the large one is drawn, whose height depends on it
    this.search.show(this.names, large?.metrics ?? [], more, this.choices.hidden.length);
  }

  private drawLarge(): void {
    const { large } = this.now;
    const { lines, log } = large ? this.drawingOf(large) : { lines: [], log: false };
    this.large.draw(large, lines, this.noteOf(large), log, this.window, this.group);
  }

  private drawSmall(small: SmallPlot): void {
    const { viewport, look, eventLog } = this.store;
    const { lines, log } = this.drawingOf(small.plot);
    const marks = look.marks(eventLog.media);
    small.draw(lines, this.noteOf(small.plot), { log, span: viewport.span, xAxis: viewport.xAxis, robust: true, group: this.group, marks });
  }

  /** Notes that another x axis was chosen. */
  private noteAxis(): void {
    const { by } = this.store.viewport;
    if (by !== this.by) this.choose({ by });
    this.by = by;
  }

  /** The x axis of all plots is what a person chose, or else what the layout says of the large one. */
  private setAxis(large: Plot | undefined): void {
    this.by = this.choices.by ?? (large?.kind === "line" ? large.x : undefined) ?? null;
    this.store.viewport.by = this.by;
  }

  /** Sorts the metrics into groups where there are new ones. */
  private regroup(): void {
    const { store } = this;
    this.names = [...new Set([...metricNames(store), ...store.eventLog.evaluated.keys()])];
    const monitor = store.state?.monitor?.metric;
    if (this.isRegrouped(this.names, monitor)) this.groups = groupMetrics(this.names, monitor);
  }

  /** All but the one of the counter that is along the x axis: its rate is in the footer. */
  private plots(): Plot[] {
    const { choices, store } = this;
    const plots = plotsOf(this.groups, store.plots, choices);
    return store.plots.length ? plots : plots.filter(({ key, metrics }) => key === CHOSEN || metrics.some((name) => name !== choices.by));
  }

  /** Where no layout asks for it, a metric that never changed has no plot. */
  private isConstant({ kind, metrics }: Plot): boolean {
    const { state, plots, tables } = this.store;
    const least = ended(state) ? 2 : FEWEST;
    return !plots.length && kind === "line" && metrics.every((name) => this.unchanging.has(name, tables.values(), least));
  }

  /** For how many small plots there is room. A live panel keeps its height: further ones wait until one asks for something. */
  private room(wanted: number): number {
    const { columns } = this.small;
    if (this.isResized(columns)) this.rows = undefined;
    const rows = this.rows ?? Math.max(1, Math.ceil(Math.min(MOST, wanted) / columns));
    this.rows = this.names.length && !ended(this.store.state) ? rows : undefined;
    return Math.min(MOST, rows * columns);
  }

  /** It is made once for each plot of an arrangement. */
  private drawingOf(plot: Plot): Drawing {
    const drawing = this.drawings.get(plot) ?? this.makeDrawing(plot);
    this.drawings.set(plot, drawing);
    return drawing;
  }

  private makeDrawing(plot: Plot): Drawing {
    const lines = this.metrics.of(plot, this.window);
    const { counters } = this.store.viewport;
    const curves = lines.flatMap(({ series, evaluated }) => (evaluated ? [series, evaluated] : [series]));
    const isCounter = lines.every(({ series }) => counters.includes(series.name));
    return { lines, log: plot.log ?? (plot.kind !== "histogram" && !isCounter && suitsLog(curves, plot.title)) };
  }

  private get smoothing(): Smoothing {
    return (this.choices.smoothing ?? 1) as Smoothing;
  }

  /** Of the moving average, in steps. */
  private get window(): number {
    return windowOf(this.smoothing, this.store.viewport.last);
  }

  /** What to say in place of a plot that has nothing to show. */
  private noteOf(plot: Plot | undefined): string {
    const { names, store } = this;
    const missing = [...(plot?.missing ?? []), ...(plot?.kind === "scatter" && !names.includes(plot.x!) ? [plot.x!] : [])];
    if (plot?.metrics.length && !(plot.kind === "scatter" && missing.includes(plot.x!))) return "";
    if (plot && names.length) return missingText(missing, names, store.isSteerable);
    if (!store.isSteerable) return "No metric was logged";
    return store.state?.step ? "No metric logged yet" : "Waiting for the first step";
  }
}

function missingText(missing: string[], names: string[], isLive: boolean): string {
  const likest = nearestName(missing[0], names);
  return `No metric ${missing.join(", ")}${isLive ? " yet" : ""}${likest === undefined ? "" : `; there is ${likest}`}`;
}
