import { cellText, type Place } from "./cell_text";
import { Cells } from "./cells";
import { changeDetector } from "./changes";
import { add, write } from "./dom";
import { followGestures } from "./gestures";
import { HeatImage } from "./heat_image";
import { HeatLabels } from "./heat_labels";
import type { LayerMaxima } from "./layer_maxima";
import type { Measure } from "./layer_measure";
import { pixelOf } from "./palette";
import { color } from "./theme";
import type { Viewport } from "./viewport";

export interface HeatScene {
  /** What the colours show. */
  measure: Measure;
  maxima: LayerMaxima;
  /** Of the layers, from top to bottom. */
  names: string[];
  selected: number | null;
}

const MANY = 20; // with more layers than this, the map has a fixed height
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
  private liveRegion: HTMLElement;
  private scene!: HeatScene;
  /** Of each px; those that are painted may be narrower. */
  private cells!: Cells;
  /** The column and the layer under the crosshair. */
  private at: Place | null = null;
  private palette: Uint32Array = new Uint32Array(0);
  private areOtherColors = changeDetector();
  private ungesture: () => void;

  constructor(
    parent: HTMLElement,
    private viewport: Viewport,
    private select: (layer: number | null) => void,
  ) {
    this.box = add(parent, "div", "heat");
    this.box.tabIndex = 0;
    // The role application: without it a screen reader keeps the arrow keys for itself.
    this.box.setAttribute("role", "application");
    this.box.setAttribute("aria-roledescription", "heat map");
    this.box.setAttribute("data-lm-suppress-shortcuts", "");
    this.labels = new HeatLabels(this.box);
    this.area = add(this.box, "div", "area");
    this.image = new HeatImage(add(this.area, "canvas"));
    this.cross = add(this.area, "div", "cross");
    this.card = add(this.area, "div", "hover");
    this.frame = add(this.box, "div", "frame");
    this.liveRegion = add(this.box, "div", "live-region");
    this.liveRegion.setAttribute("aria-live", "polite");
    this.box.addEventListener("pointermove", this.point);
    this.box.addEventListener("pointerdown", this.point);
    this.box.addEventListener("pointerleave", this.leave);
    this.box.addEventListener("blur", this.leave);
    this.box.addEventListener("click", this.click);
    this.box.addEventListener("keydown", this.key);
    this.ungesture = followGestures(this.box, () => this.area, viewport);
  }

  /** The width of the layer names in px. */
  get gutter(): number {
    return this.labels.gutter;
  }

  draw(scene: HeatScene): void {
    const width = this.box.clientWidth;
    if (!width) return;
    const { maxima, names, selected } = (this.scene = scene);
    const height = heightFor(names.length);
    this.box.style.height = `${height}px`;
    this.box.setAttribute("aria-label", ariaLabel(scene));
    this.labels.show(names, selected, width, height);
    this.area.style.left = `${this.gutter}px`;
    const { span } = this.viewport;
    const columns = (perPx: number) => Math.max(1, Math.round(this.area.clientWidth * perPx));
    // A pointer tells the same at every zoom of the browser, so it goes by px; the image goes by the pixels of the screen.
    this.cells = new Cells(maxima, span, columns(1));
    const painted = devicePixelRatio === 1 ? this.cells : new Cells(maxima, span, columns(devicePixelRatio));
    this.image.paint(painted, Math.round(height * devicePixelRatio), this.colors(maxima));
    this.place(this.frame, selected);
    this.showCross();
  }

  dispose(): void {
    this.ungesture();
  }

  private colors({ range }: LayerMaxima): Uint32Array {
    const [zero, nonFinite] = ["--zero", "--bad"].map((variable) => pixelOf(color(this.box, variable)));
    const { column, scale } = this.scene.measure;
    if (this.areOtherColors(column, range.decades, zero, nonFinite)) this.palette = scale.palette(range, zero, nonFinite);
    return this.palette;
  }

  private get rowHeight(): number {
    return this.box.clientHeight / this.scene.names.length;
  }

  /** Puts the frame around a row; around a very thin row it is higher than the row. */
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
    const left = ((at.column + 0.5) / cells.columns) * this.area.clientWidth;
    cross.style.left = `${left}px`;
    card.replaceChildren();
    for (const text of [this.scene.names[at.layer], ...cellText(this.cells, at, this.scene.measure)]) add(card, "span", "wide", text);
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

  /** The layer at a position; where several share a pixel, the one that is drawn. */
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
    const { left, width } = this.area.getBoundingClientRect();
    return Math.floor(((clientX - left) / width) * this.cells.columns);
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
    // A click event has whole pixels only; the last pointer event was more exact.
    const layer = this.at?.layer ?? this.layerAt(this.columnAt(clientX), clientY);
    this.choose(layer === this.scene.selected ? null : layer);
  };

  private choose(layer: number | null): void {
    this.select(layer);
    this.scene.selected = layer;
    if (this.at && layer !== null) this.at = { ...this.at, layer };
    this.showCross();
    this.announce();
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
    this.announce();
  }

  private announce(): void {
    const { at, scene } = this;
    const selected = scene.selected === null ? "No layer selected" : `${scene.names[scene.selected]} selected`;
    write(this.liveRegion, at ? [scene.names[at.layer], ...cellText(this.cells, at, scene.measure)].join(", ") : selected);
  }
}

/** px of a map of so many layers. */
export function heightFor(layers: number): number {
  if (layers > MANY) return TALL;
  return layers * Math.min(HIGHEST, Math.max(LOWEST, Math.floor(160 / layers)));
}

function ariaLabel({ measure, names, selected }: HeatScene): string {
  const layers = names.length === 1 ? "1 layer" : `${names.length} layers`;
  const chosen = selected === null ? "" : `, ${names[selected]} selected`;
  return `${measure.title} of ${layers} by step${chosen}`;
}
