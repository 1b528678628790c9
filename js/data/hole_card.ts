import { valueAxis } from "../widget/axes";
import { add, addButton, write } from "../widget/dom";
import { short } from "../widget/format";
import { stacked } from "./dots";
import type { Hole } from "./protocol";
import { addAxis, drawing, svg } from "./svg";

const WIDTH = 360;
const HEIGHT = 118;
const FOOT = 20; // px below the dots
const SIDE = 14; // px beside the axis, for its labels
const DOT = 3.2; // px

/** A hole: what else the row holds, and what was drawn for it. */
export class HoleCard {
  private element: HTMLElement;
  private title: HTMLElement;
  private walk: HTMLElement;
  private place: HTMLElement;
  private told: HTMLElement;
  private plot: HTMLElement;
  private cells: HTMLElement;
  private hole!: Hole;

  constructor(parent: HTMLElement, go: (at: number) => void) {
    this.element = add(parent, "section", "hole-card");
    this.element.hidden = true;
    const heading = add(this.element, "div", "hole-heading");
    this.title = add(heading, "b");
    this.walk = add(heading, "span", "group");
    const step = (text: string, name: string, by: number) => {
      const button = addButton(this.walk, "quiet", text, () => go((this.hole.at + by + this.hole.holes) % this.hole.holes));
      button.setAttribute("aria-label", name);
      button.dataset.key = name;
    };
    step("‹", "previous hole", -1);
    this.place = add(this.walk, "span", "muted");
    step("›", "next hole", 1);
    addButton(heading, "quiet right", "Close", () => this.hide()).dataset.key = "close hole";
    this.told = add(this.element, "p", "hole-told");
    this.told.setAttribute("role", "status");
    this.plot = add(this.element, "div", "hole-plot");
    this.cells = addCellList(this.element, "Other values of the row");
  }

  hide(): void {
    this.element.hidden = true;
  }

  show(hole: Hole): void {
    this.hole = hole;
    this.element.hidden = false;
    write(this.title, `row ${hole.row}, ${hole.column}`);
    this.walk.hidden = hole.holes < 2;
    write(this.place, `hole ${hole.at + 1} of ${hole.holes} here`);
    write(this.told, hole.note || toldText(hole));
    this.plot.hidden = !hole.draws.length;
    this.plot.replaceChildren();
    if (hole.draws.length) draw(this.plot, hole);
    this.cells.replaceChildren();
    addCells(this.cells, hole.cells);
  }
}

/** A place for names and values. */
export function addCellList(parent: HTMLElement, label: string): HTMLElement {
  const scroll = add(parent, "div", "cells");
  scroll.tabIndex = 0; // for the arrow keys to scroll it
  scroll.setAttribute("role", "group");
  scroll.setAttribute("aria-label", label);
  return add(scroll, "dl");
}

/** Names and values, one pair after the other. */
export function addCells(list: HTMLElement, cells: string[][]): void {
  for (const [name, value] of cells) {
    const pair = add(list, "div");
    add(pair, "dt", "", name).title = name;
    add(pair, "dd", value === "missing" ? "muted" : "", value);
  }
}

function toldText({ interval: [low, mean, high], level, draws }: Hole): string {
  const share = `${Math.round(100 * level)} of 100`;
  return `Between ${short(low)} and ${short(high)} in ${share} cases; ${short(mean)} is the mean of ${draws.length} draws.`;
}

/** The draws as dots, the interval as a line above them, and behind them how the values that are known are distributed. */
function draw(parent: HTMLElement, hole: Hole): void {
  const { draws, interval, edges, counts } = hole;
  const last = edges[edges.length - 1];
  const image = drawing(parent, WIDTH, HEIGHT, `${toldText(hole)} The known values lie between ${short(edges[0])} and ${short(last)}.`);
  const axis = valueAxis(edges[0], last, false);
  const x = (value: number) => SIDE + ((value - axis.min) / (axis.max - axis.min)) * (WIDTH - 2 * SIDE);
  const floor = HEIGHT - FOOT;
  const most = Math.max(1, ...counts);
  counts.forEach((count, i) => {
    const height = (count / most) * (floor - 22);
    svg(image, "rect", {
      class: "known",
      x: x(edges[i]),
      y: floor - height,
      width: Math.max(0, x(edges[i + 1]) - x(edges[i]) - 0.5),
      height,
    });
  });
  for (const { at, level } of stacked(draws.map(x), 2 * DOT))
    svg(image, "circle", { class: "drawn", cx: at, cy: floor - DOT - level * 2 * DOT, r: DOT });
  const [low, , high] = interval.map(x);
  svg(image, "path", { class: "interval", d: `M${low} 6V14M${low} 10H${high}M${high} 6V14` });
  addAxis(image, axis, x, floor);
}
