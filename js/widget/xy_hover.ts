import type uPlot from "uplot";
import { HoverCard } from "./hover_card";

/** What a card can tell of: dots of a scatter plot, or the bins of a histogram, which have no y. By x, ascending. */
export interface Spots {
  x: number[];
  y?: number[];
  tell(i: number): { title: string; rows: { name: string; text: string; color: string }[] };
}

/** px */
const STRIDES: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, PageUp: -40, PageDown: 40 };
const OUTSIDE = { left: -10, top: -10 };

/** The card of a scatter plot or a histogram. Like that of lines it follows the mouse or the arrow keys, from one spot to the next. */
export class XyHover {
  spots: Spots = { x: [], tell: () => ({ title: "", rows: [] }) };
  private card = new HoverCard();
  private plot: uPlot | undefined;
  private at = -1;

  constructor(private box: HTMLElement) {
    box.addEventListener("keydown", this.key);
    box.addEventListener("blur", this.leave);
  }

  attach(plot: uPlot): void {
    this.plot = plot;
    this.card.attach(plot);
  }

  /** Where the crosshair goes from a position: to the nearest spot. */
  snap(plot: uPlot, left: number, top: number): [left: number, top: number] {
    this.at = left < 0 ? -1 : this.nearest(plot, left, top);
    return this.at < 0 ? [left, top] : this.placeOf(plot, this.at);
  }

  show(plot: uPlot): void {
    if (this.at < 0 || (plot.cursor.left ?? -1) < 0) {
      this.card.hide();
      return;
    }
    const { title, rows } = this.spots.tell(this.at);
    this.card.open(title);
    for (const { name, text, color } of rows) this.card.addRow(name, text, color);
    this.card.place(plot, plot.cursor.left!);
  }

  dispose(): void {
    this.box.removeEventListener("keydown", this.key);
    this.box.removeEventListener("blur", this.leave);
  }

  private placeOf(plot: uPlot, i: number): [left: number, top: number] {
    const { x, y } = this.spots;
    return [plot.valToPos(x[i], "x"), y ? plot.valToPos(y[i], "y") : 0];
  }

  private nearest(plot: uPlot, left: number, top: number): number {
    let [found, least] = [-1, Infinity];
    for (let i = 0; i < this.spots.x.length; i++) {
      const [x, y] = this.placeOf(plot, i);
      const distance = Math.hypot(x - left, this.spots.y ? y - top : 0);
      if (distance < least) [found, least] = [i, distance];
    }
    return found;
  }

  private key = (event: KeyboardEvent): void => {
    const { plot, spots } = this;
    if (!plot?.over.offsetWidth || event.ctrlKey || event.metaKey || event.altKey) return;
    const last = spots.x.length - 1;
    const ends: Record<string, number> = { Home: 0, End: last, Escape: -1 };
    const moved = this.at < 0 ? last : Math.max(0, Math.min(last, this.at + STRIDES[event.key]));
    const next = event.key in STRIDES ? moved : ends[event.key];
    if (next === undefined || last < 0) return;
    event.preventDefault();
    this.card.isSpoken = true;
    const [left, top] = next < 0 ? [OUTSIDE.left, OUTSIDE.top] : this.placeOf(plot, next);
    plot.setCursor({ left, top });
    this.at = next; // of several spots in one place, it is this one
    this.show(plot);
  };

  private leave = (): void => {
    this.card.isSpoken = false;
    this.plot?.setCursor(OUTSIDE);
  };
}
