import type { Plot } from "./arrangement";
import { addAxisSelect } from "./axis_select";
import { checkpointAnnotations } from "./checkpoints";
import { addCopyMenu } from "./copy_menu";
import { add, addButton, setAttribute, write } from "./dom";
import { brief, oneLine } from "./format";
import { followGestures } from "./gestures";
import { LearningRate } from "./learning_rate";
import { Legend } from "./legend";
import type { Line } from "./line";
import type { Menu } from "./menu";
import { isMeaning } from "./metric_groups";
import type { MetricLines } from "./metric_lines";
import { kindText, PlotCanvas } from "./plot_canvas";
import { addPlotMenu, type PlotActions } from "./plot_menu";
import { smoothingText } from "./smooth";
import type { Store } from "./store";

/** The plot that matters most, with its tools, its legend and the learning rate below it. */
export class LargePlot {
  readonly tools: HTMLElement;
  private title: HTMLElement;
  private smoothing: HTMLButtonElement;
  private scale: HTMLButtonElement;
  private reset: HTMLButtonElement;
  private menu: Menu;
  private legend: Legend;
  private empty: HTMLElement;
  readonly box: HTMLElement;
  private canvas: PlotCanvas;
  private rate: LearningRate;
  private plot: Plot | undefined;
  private copies: HTMLElement;
  private cleanups: (() => void)[];

  constructor(
    private section: HTMLElement,
    private store: Store,
    metrics: MetricLines,
    actions: PlotActions,
    cycleSmoothing: () => void,
  ) {
    const heading = add(section, "div", "heading");
    this.title = add(heading, "h3", "", "Loss");
    this.tools = add(heading, "span", "tools");
    this.reset = addButton(this.tools, "quiet", "reset zoom", () => store.viewport.reset());
    const unselect = addAxisSelect(this.tools, store);
    this.smoothing = addButton(this.tools, "quiet", "", cycleSmoothing);
    this.scale = addButton(this.tools, "quiet", "log", () => this.plot && actions.toggleLog(this.plot));
    this.menu = addPlotMenu(this.tools, actions, () => this.plot, true);
    this.legend = new Legend(section);
    this.empty = add(section, "p", "empty muted");
    this.box = add(section, "div", "plot");
    this.box.tabIndex = 0;
    this.box.setAttribute("role", "group");
    this.box.setAttribute("data-lm-suppress-shortcuts", "");
    this.canvas = new PlotCanvas(this.box, metrics);
    this.copies = add(this.tools, "span", "copies");
    const uncopy = addCopyMenu(this.copies, () => this.canvas.shown, store);
    this.rate = new LearningRate(section, store);
    const ungesture = followGestures(this.box, () => this.canvas.area, store.viewport.byX);
    this.cleanups = [ungesture, uncopy, unselect, this.followLook(), () => this.menu.dispose()];
  }

  /** `note` is what to say in place of the plot. */
  draw(plot: Plot | undefined, lines: Line[], note: string, log: boolean, smooth: number, group: string): void {
    this.plot = plot;
    const title = plot ? [headingOf(plot), kindText(plot)].filter(Boolean).join(" ") : "Metrics";
    write(this.title, title);
    this.menu.name(`Options of ${title}`);
    this.showTools(plot?.kind ?? "line", note === "", log, smooth);
    write(this.empty, note);
    this.empty.hidden = !note;
    this.box.hidden = note !== "";
    this.legend.show(lines);
    const rates = this.rate.lines;
    if (plot && !note) {
      const { eventLog, state, viewport, look } = this.store;
      const values = lines.map(({ series, evaluated }) => `${series.name} ${brief(series.value.last ?? evaluated?.value.last ?? NaN)}`);
      setAttribute(this.box, "aria-label", `${title} plot: ${values.join(", ")}`);
      const marks = {
        annotations: eventLog.annotations,
        checkpoints: checkpointAnnotations(state),
        hoverOnly: rates,
        marks: look.marks(eventLog.media),
      };
      this.canvas.draw(plot, lines, { log, span: viewport.span, xAxis: viewport.xAxis, robust: true, group, ...marks });
    }
    this.store.large = { section: this.section, area: note ? undefined : this.canvas.area };
    this.rate.draw(rates, this.canvas.chart.gutter, this.canvas.chart.rightGutter);
  }

  dispose(): void {
    for (const cleanup of this.cleanups) cleanup();
    this.canvas.dispose();
    this.rate.dispose();
  }

  /** A click, or Enter at the crosshair, looks at what had been shown by that step. */
  private followLook(): () => void {
    const { box, store } = this;
    const look = (event: Event) => {
      if (event instanceof KeyboardEvent ? event.key !== "Enter" : (event.target as Element).closest("button")) return;
      const step = this.canvas.chart.pointed;
      if (step !== undefined && store.look.goTo(step, store.eventLog.media)) store.touch();
    };
    box.addEventListener("click", look, true); // uPlot keeps it to itself
    box.addEventListener("keydown", look);
    return () => {
      box.removeEventListener("click", look, true);
      box.removeEventListener("keydown", look);
    };
  }

  private showTools(kind: Plot["kind"], any: boolean, log: boolean, smooth: number): void {
    write(this.smoothing, smoothingText(smooth));
    setAttribute(this.scale, "aria-pressed", log);
    this.copies.hidden = !any;
    this.smoothing.hidden = !any || kind !== "line";
    this.scale.hidden = !any;
    this.reset.hidden = !this.store.viewport.zoom;
  }
}

/** What a group means is a word of ours, which begins a heading with a capital letter; a metric's name stays as it was logged. */
const headingOf = ({ title }: Plot): string =>
  isMeaning(title) ? title.charAt(0).toUpperCase() + title.slice(1) : oneLine(title) || "(no name)";
