import { Cells } from "./cells";
import { add, write } from "./dom";
import { precise } from "./format";
import { followGestures } from "./gestures";
import { HeatImage } from "./heat_image";
import { HeatLabels } from "./heat_labels";
import { palette, pixelOf } from "./palette";
import { ABSENT, type Peaks } from "./peaks";
import { color } from "./theme";
import type { Viewport } from "./viewport";

export interface HeatScene {
  /** What the colours stand for. */
  title: string;
  peaks: Peaks;
  /** Of the layers, from top to bottom. */
  names: string[];
  selected: number | null;
}

const MANY = 20; // layers from which on the map no longer grows with them
const TALL = 220; // px
const [LOWEST, HIGHEST] = [11, 18]; // px of a row

const ARROWS: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 };

/** Layers by steps, their values as colours. */
export class HeatMap {
  readonly box: HTMLElement;
  private area: HTMLElement;
  private labels: HeatLabels;
  private image: HeatImage;
  private frame: HTMLElement;
  private cross: HTMLElement;
  private card: HTMLElement;
  private said: HTMLElement;
  private scene!: HeatScene;
  private cells!: Cells;
  /** Where the crosshair is: a column and a layer. */
  private at: { column: number; layer: number } | null = null;
  private palette: Uint32Array = new Uint32Array(0);
  /** What the palette was made for. */
  private mixed = "";
  private ungesture: () => void;

  constructor(parent: HTMLElement, private viewport: Viewport, private select: (layer: number | null) => void) {
    this.box = add(parent, "div", "heat");
    this.box.tabIndex = 0;
    // An application gets the arrow keys also from a screen reader.
    this.box.setAttribute("role", "application");
    this.box.setAttribute("aria-roledescription", "heat map");
    this.box.setAttribute("data-lm-suppress-shortcuts", "");
    this.labels = new HeatLabels(this.box);
    this.area = add(this.box, "div", "area");
    this.image = new HeatImage(add(this.area, "canvas"));
    this.cross = add(this.area, "div", "cross");
    this.card = add(this.area, "div", "hover");
    this.frame = add(this.box, "div", "frame");
    this.said = add(this.box, "div", "said");
    this.said.setAttribute("aria-live", "polite");
    this.box.addEventListener("pointermove", this.point);
    this.box.addEventListener("pointerdown", this.point);
    this.box.addEventListener("pointerleave", this.leave);
    this.box.addEventListener("blur", this.leave);
    this.box.addEventListener("click", this.click);
    this.box.addEventListener("keydown", this.key);
    this.ungesture = followGestures(this.box, () => this.area, viewport);
  }

  /** The room that the names take, in px. */
  get gutter(): number {
    return this.labels.gutter;
  }

  draw(scene: HeatScene): void {
    const width = this.box.clientWidth;
    if (!width) return;
    const { peaks, names, selected } = (this.scene = scene);
    const height = heightFor(names.length);
    this.box.style.height = `${height}px`;
    this.box.setAttribute("aria-label", spoken(scene));
    this.labels.show(names, selected, width, height);
    this.area.style.left = `${this.gutter}px`;
    const columns = Math.max(1, Math.round(this.area.clientWidth * devicePixelRatio));
    this.cells = new Cells(peaks, this.viewport.span, columns);
    this.image.paint(this.cells, Math.round(height * devicePixelRatio), this.colors(peaks));
    this.place(this.frame, selected);
    this.showCross();
  }

  dispose(): void {
    this.ungesture();
  }

  private colors({ range }: Peaks): Uint32Array {
    const [zero, broken] = ["--zero", "--bad"].map((variable) => pixelOf(color(this.box, variable)));
    const wanted = JSON.stringify([range.decades, zero, broken]);
    if (wanted !== this.mixed) this.palette = palette(range.decades, zero, broken);
    this.mixed = wanted;
    return this.palette;
  }

  private get rowHeight(): number {
    return this.box.clientHeight / this.scene.names.length;
  }

  /** Puts the frame round a row; rows thinner than a line are framed from outside. */
  private place(frame: HTMLElement, layer: number | null): void {
    frame.hidden = layer === null;
    if (layer === null) return;
    const height = Math.max(this.rowHeight, 5);
    frame.style.height = `${height + 1}px`;
    frame.style.top = `${(layer + 0.5) * this.rowHeight - height / 2 - 1}px`;
  }

  private showCross(): void {
    const { at, cells, card, cross } = this;
    const isShown = at !== null && at.column < cells.columns && !cells.isEmpty(at.column);
    card.hidden = cross.hidden = !isShown;
    if (!isShown) return;
    const left = (at.column + 0.5) / devicePixelRatio;
    cross.style.left = `${left}px`;
    card.replaceChildren();
    for (const text of [this.scene.names[at.layer], this.steps(at.column), this.value(at)]) add(card, "span", "wide", text);
    card.lastElementChild!.classList.toggle("bad", !Number.isFinite(cells.value(at.column, at.layer)));
    const room = this.area.clientWidth;
    const right = left + 9 + card.offsetWidth <= room ? left + 9 : left - 9 - card.offsetWidth;
    card.style.left = `${Math.min(Math.max(right, 0), Math.max(0, room - card.offsetWidth))}px`;
    card.style.top = `${this.cardTop(at.layer)}px`;
  }

  /** Below the row, or above it where that would leave the map. */
  private cardTop(layer: number): number {
    const below = (layer + 1) * this.rowHeight + 4;
    const above = layer * this.rowHeight - this.card.offsetHeight - 4;
    return below + this.card.offsetHeight <= this.box.clientHeight || above < 0 ? below : above;
  }

  private steps(column: number): string {
    const [first, last] = this.cells.steps(column);
    return first === last ? `step ${first}` : `steps ${first} to ${last}`;
  }

  private value({ column, layer }: { column: number; layer: number }): string {
    const value = this.cells.value(column, layer);
    if (value === ABSENT) return "no gradient";
    const [first, last] = this.cells.steps(column);
    return first === last || !Number.isFinite(value) ? precise(value) : `at most ${precise(value)}`;
  }

  /** The layer at a place; where several share a pixel, the one that shows. */
  private layerAt(column: number, clientY: number): number {
    const last = this.scene.names.length - 1;
    const y = Math.floor(clientY - this.box.getBoundingClientRect().top);
    const row = (at: number) => Math.min(Math.max(Math.floor(at / this.rowHeight), 0), last);
    let shown = row(y);
    for (let layer = shown + 1; layer < row(y + 1); layer++) {
      if (this.cells.value(column, layer) > this.cells.value(column, shown)) shown = layer;
    }
    return shown;
  }

  private columnAt(clientX: number): number {
    return Math.floor((clientX - this.area.getBoundingClientRect().left) * devicePixelRatio);
  }

  private point = ({ clientX, clientY }: PointerEvent): void => {
    const column = this.columnAt(clientX);
    const isInside = column >= 0 && column < this.cells.columns;
    this.at = isInside ? { column, layer: this.layerAt(column, clientY) } : null;
    this.showCross();
  };

  private leave = (): void => {
    this.at = null;
    this.showCross();
  };

  private click = ({ clientX, clientY }: MouseEvent): void => {
    // A click knows whole pixels only: what the pointer was on is what was meant.
    const layer = this.at?.layer ?? this.layerAt(this.columnAt(clientX), clientY);
    this.choose(layer === this.scene.selected ? null : layer);
  };

  private choose(layer: number | null): void {
    this.select(layer);
    this.scene.selected = layer;
    if (this.at && layer !== null) this.at = { ...this.at, layer };
    this.showCross();
    this.say();
  }

  private key = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const direction = ARROWS[event.key];
    if (event.key === "Escape") {
      this.at = null;
      this.choose(null);
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") this.walkLayers(direction);
    else if (event.key === "ArrowLeft" || event.key === "ArrowRight") this.walkSteps(direction);
    else return;
    event.preventDefault();
  };

  private walkLayers(direction: number): void {
    const count = this.scene.names.length;
    const start = direction > 0 ? 0 : count - 1;
    const { selected } = this.scene;
    this.choose(selected === null ? start : Math.min(Math.max(selected + direction, 0), count - 1));
  }

  private walkSteps(direction: number): void {
    const { at, cells } = this;
    const column = at ? cells.next(at.column, direction) : cells.lastColumn;
    this.at = { column, layer: this.scene.selected ?? at?.layer ?? 0 };
    this.showCross();
    this.say();
  }

  private say(): void {
    const { at, scene } = this;
    const selected = scene.selected === null ? "No layer selected" : `${scene.names[scene.selected]} selected`;
    write(this.said, at ? [scene.names[at.layer], this.steps(at.column), this.value(at)].join(", ") : selected);
  }
}

function heightFor(layers: number): number {
  if (layers > MANY) return TALL;
  return layers * Math.min(HIGHEST, Math.max(LOWEST, Math.floor(160 / layers)));
}

function spoken({ title, names, selected }: HeatScene): string {
  const layers = names.length === 1 ? "1 layer" : `${names.length} layers`;
  const chosen = selected === null ? "" : `, ${names[selected]} selected`;
  return `${title} of ${layers} by step${chosen}`;
}
