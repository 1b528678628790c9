import type { Plot } from "./arrangement";
import { changeDetector } from "./changes";
import { add, addButton, write } from "./dom";
import { brief, oneLine } from "./format";
import type { MetricLines } from "./metric_lines";
import type { PlotActions } from "./plot_menu";

/** The metrics that never changed, with their values, in the place of one small plot: a curve of them would tell nothing. */
export class ConstantValues {
  readonly element = document.createElement("div");
  private list: HTMLElement;
  private values: HTMLElement[] = [];
  private isOther = changeDetector();

  constructor(
    private metrics: MetricLines,
    private actions: PlotActions,
  ) {
    this.element.className = "small constants";
    this.element.setAttribute("role", "group");
    this.element.setAttribute("aria-label", "Metrics that never changed");
    const head = add(this.element, "div", "small-head");
    add(head, "span", "title", "never changed");
    this.list = add(this.element, "ul");
  }

  show(plots: Plot[]): void {
    const entries = plots.flatMap((plot) => plot.metrics.map((name) => ({ plot, name })));
    if (this.isOther(entries.map(({ plot, name }) => [plot.key, name]))) {
      this.list.replaceChildren();
      this.values = entries.map(({ plot, name }) => this.addEntry(plot, name));
    }
    entries.forEach(({ name }, i) => write(this.values[i], brief(this.metrics.curve(name).value.last ?? NaN)));
  }

  private addEntry(plot: Plot, name: string): HTMLElement {
    const item = add(this.list, "li");
    const button = addButton(item, "quiet", oneLine(name), () => this.actions.enlarge(plot));
    button.title = name;
    button.setAttribute("aria-label", `Enlarge ${name}`);
    return add(item, "span", "num value");
  }
}
