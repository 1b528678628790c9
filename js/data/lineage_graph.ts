import { add, addButton, setAttribute } from "../widget/dom";
import type { Frame, View } from "./frame";
import { LANE, linkPath } from "./lanes";
import type { LineageShown, Node } from "./protocol";
import { svg } from "./svg";

const ROW = 38; // px

/** From raw bytes at the top to runs at the bottom: a line of text for each node, and beside them how they hang together. */
export function lineageGraph(frame: Frame): View<LineageShown> {
  return new LineageGraph(frame);
}

class LineageGraph implements View<LineageShown> {
  private shown!: LineageShown;
  private chosen = "";
  private graph: HTMLElement;
  private details: HTMLElement;

  constructor(frame: Frame) {
    this.graph = add(frame.body, "div", "graph");
    this.details = add(frame.body, "section", "node-details");
    this.details.hidden = true;
    this.details.setAttribute("aria-live", "polite");
    this.graph.addEventListener("keydown", (event) => this.press(event));
  }

  show(shown: LineageShown): void {
    this.shown = shown;
    this.graph.replaceChildren();
    this.addLines(shown.nodes);
    const list = add(this.graph, "ol");
    shown.nodes.forEach((node, i) => this.addNode(list, node, i === 0));
    this.showDetails();
  }

  redraw(): void {}

  private addLines(nodes: Node[]): void {
    const lanes = 1 + Math.max(0, ...nodes.map(({ lane }) => lane));
    const lines = svg(this.graph, "svg", { width: lanes * LANE, height: nodes.length * ROW, "aria-hidden": "true" });
    const places = new Map(nodes.map(({ id, lane }, i) => [id, { lane, row: (i + 0.5) * ROW }]));
    for (const { id, before } of nodes)
      for (const other of before) svg(lines, "path", { class: "link", d: linkPath(places.get(other)!, places.get(id)!, ROW) });
    for (const { id, kind } of nodes) {
      const { lane, row } = places.get(id)!;
      const [x, size] = [LANE / 2 + lane * LANE, kind === "step" || kind === "read" ? 4 : 5];
      if (kind === "raw") svg(lines, "rect", { class: kind, x: x - size, y: row - size, width: 2 * size, height: 2 * size });
      else if (kind === "run")
        svg(lines, "path", { class: kind, d: `M${x - size} ${row - size - 1}L${x + size + 2} ${row}L${x - size} ${row + size + 1}Z` });
      else svg(lines, "circle", { class: kind, cx: x, cy: row, r: size });
    }
  }

  private addNode(list: HTMLElement, { id, kind, title, about, hash, size }: Node, isFirst: boolean): void {
    const line = add(list, "li");
    const button = addButton(line, "node", "", () => this.choose(id));
    button.dataset.key = `node ${id}`;
    button.dataset.kind = kind;
    button.tabIndex = isFirst ? 0 : -1;
    setAttribute(button, "aria-expanded", this.chosen === id);
    add(button, "b", "", title).title = title;
    add(button, "span", "muted about", about);
    add(button, "span", "num right", size);
    add(button, "code", "muted", hash.slice(0, 8));
  }

  private choose(id: string): void {
    this.chosen = this.chosen === id ? "" : id;
    for (const button of this.buttons) setAttribute(button, "aria-expanded", button.dataset.key === `node ${this.chosen}`);
    this.showDetails();
  }

  private showDetails(): void {
    const node = this.shown.nodes.find(({ id }) => id === this.chosen);
    this.details.hidden = !node;
    this.details.replaceChildren();
    if (!node) return;
    add(this.details, "h3", "", node.title);
    const list = add(this.details, "dl");
    for (const [name, text] of node.details) {
      add(list, "dt", "", name);
      add(list, "dd", "", text);
    }
  }

  private get buttons(): HTMLElement[] {
    return [...this.graph.querySelectorAll<HTMLElement>(".node")];
  }

  /** One of the nodes is reached by Tab, the others from there by arrow keys. */
  private press(event: KeyboardEvent): void {
    const { buttons } = this;
    const at = buttons.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (at < 0 || to === undefined || !buttons[to]) return;
    event.preventDefault();
    buttons[at].tabIndex = -1;
    buttons[to].tabIndex = 0;
    buttons[to].focus();
  }
}
