import type { Plot } from "./arrangement";
import { changeDetector } from "./changes";
import { add, addButton, setAttribute, setNumber, write } from "./dom";
import { brief, oneLine } from "./format";
import { followGestures } from "./gestures";
import type { Line } from "./line";
import type { Menu } from "./menu";
import type { MetricLines } from "./metric_lines";
import { kindText, PlotCanvas } from "./plot_canvas";
import { addPlotMenu, type PlotActions } from "./plot_menu";
import type { Scene } from "./scene";
import type { Viewport } from "./viewport";

const MOST = 2; // values beside the title

/** One of the small multiples: a title, the latest values and a plot that a click enlarges. */
export class SmallPlot {
  readonly element = document.createElement("div");
  /** Whether it is within the window; it is only drawn there. */
  isVisible = false;
  plot!: Plot;
  private title: HTMLButtonElement;
  private values: HTMLElement;
  private numbers: HTMLElement[] = [];
  private menu: Menu;
  private note: HTMLElement;
  private canvas: PlotCanvas;
  private isOther = changeDetector();
  private isOtherLook = changeDetector();
  private ungesture: () => void;

  constructor(metrics: MetricLines, viewport: Viewport, actions: PlotActions) {
    this.element.className = "small";
    this.element.setAttribute("role", "group");
    const head = add(this.element, "div", "small-head");
    this.title = addButton(head, "quiet title", "", () => actions.enlarge(this.plot));
    this.values = add(head, "span", "small-values");
    this.menu = addPlotMenu(head, actions, () => this.plot, false);
    this.note = add(this.element, "p", "small-note muted");
    const box = add(this.element, "div", "small-box");
    box.addEventListener("click", () => actions.enlarge(this.plot), true); // uPlot keeps it to itself
    this.canvas = new PlotCanvas(box, metrics);
    this.ungesture = followGestures(box, () => this.canvas.area, viewport.byX);
  }

  /** Says which plot it is; what it shows is drawn when it is seen. */
  take(plot: Plot): void {
    this.plot = plot;
    this.writeTitle(oneLine(plot.title) || "(no name)");
    this.title.title = `${plot.title} ${kindText(plot)}`.trim();
    setAttribute(this.title, "aria-label", `Enlarge ${plot.title}`);
    this.menu.name(`Options of ${plot.title}`);
  }

  draw(lines: Line[], note: string, scene: Omit<Scene, "lines">): void {
    const { plot } = this;
    const latest = lines.map(({ series, evaluated }) => series.value.last ?? evaluated?.value.last ?? NaN);
    if (this.isOther(plot, note, latest.map(String))) this.describe(lines, latest, note);
    this.canvas.box.hidden = note !== "";
    if (!note) this.canvas.draw(plot, lines, { ...scene, bare: true });
  }

  dispose(): void {
    this.ungesture();
    this.menu.dispose();
    this.canvas.dispose();
    this.element.remove();
  }

  /** Where there is no room for a path, its end stays: that is what tells it from others. */
  private writeTitle(title: string): void {
    if (this.title.textContent === title) return;
    const end = title.includes(", ") ? 0 : title.lastIndexOf("/") + 1;
    this.title.replaceChildren();
    if (end) add(this.title, "span", "path", title.slice(0, end));
    add(this.title, "span", "", title.slice(end));
  }

  private describe(lines: Line[], latest: number[], note: string): void {
    const { plot } = this;
    const said = lines.slice(0, MOST).map(({ series }, i) => `${series.name} ${brief(latest[i])}`);
    setAttribute(this.element, "aria-label", [`${plot.title} ${kindText(plot)}`.trim(), ...said].join(", "));
    this.showValues(lines.slice(0, MOST), latest);
    write(this.note, note);
    this.note.hidden = !note;
  }

  private showValues(shown: Line[], latest: number[]): void {
    if (this.isOtherLook(shown.map(({ series, color, dashed }) => [series.name, color, dashed]))) {
      this.values.replaceChildren();
      this.numbers = shown.map(({ series, color, dashed }) => {
        const entry = add(this.values, "span", shown.length > 1 ? `marked${dashed ? " dashed" : ""}` : "");
        entry.style.setProperty("--c", `var(${color})`);
        entry.title = series.name;
        if (shown.length > 1) add(entry, "span", "small-name muted", series.name);
        return add(entry, "span", "num value");
      });
    }
    this.numbers.forEach((number, i) => setNumber(number, brief(latest[i]), !Number.isFinite(latest[i])));
  }
}
