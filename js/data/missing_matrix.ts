import { add, write } from "../widget/dom";
import { percent, whole } from "../widget/format";
import { color } from "../widget/theme";
import { bandAt, nextHole, pixelsOf } from "./bands";
import type { Frame, View } from "./frame";
import { HoleCard } from "./hole_card";
import type { Hole, MissingShown } from "./protocol";

const STRIP = 22; // px from one strip to the next
const GAP = 4; // px between two

/** A strip for each column with holes, with all rows along it: grey where a value is, blue where it is missing. */
export function missingMatrix(frame: Frame): View<MissingShown> {
  return new MissingMatrix(frame);
}

class MissingMatrix implements View<MissingShown> {
  private shown!: MissingShown;
  private strips: Uint8Array[] = [];
  private column = 0;
  private band = -1;
  private grid: HTMLElement;
  private names: HTMLElement;
  private box: HTMLElement;
  private canvas: HTMLCanvasElement;
  private mark: HTMLElement;
  private shares: HTMLElement;
  private here: HTMLElement;
  private legend: HTMLElement;
  private patterns: HTMLElement;
  private card: HoleCard;

  constructor(private frame: Frame) {
    const { body } = frame;
    this.grid = add(body, "div", "missing-grid");
    this.names = add(this.grid, "div", "missing-names");
    this.box = add(this.grid, "div", "missing-strips");
    this.shares = add(this.grid, "div", "missing-shares");
    this.canvas = add(this.box, "canvas");
    this.mark = add(this.box, "div", "missing-mark");
    this.box.tabIndex = 0;
    this.box.dataset.key = "strips";
    // The role application: without it a screen reader keeps the arrow keys for itself.
    this.box.setAttribute("role", "application");
    this.box.setAttribute("aria-roledescription", "missing values");
    this.box.setAttribute(
      "aria-label",
      "Holes by column: left and right go from hole to hole, up and down to other columns, Enter shows the hole",
    );
    this.here = add(body, "p", "missing-here muted");
    this.here.setAttribute("role", "status");
    this.legend = add(body, "p", "missing-legend muted");
    this.card = new HoleCard(body, (at) => this.open(at));
    this.patterns = add(body, "ol", "missing-patterns");
    this.box.addEventListener("pointermove", (event) => this.point(event));
    this.box.addEventListener("click", (event) => {
      this.point(event);
      this.open(0);
    });
    this.box.addEventListener("keydown", (event) => this.press(event));
  }

  show(shown: MissingShown): void {
    this.shown = shown;
    const bands = shown.edges.length - 1;
    const bytes = new Uint8Array(shown.shares.buffer, shown.shares.byteOffset, shown.shares.byteLength);
    this.strips = shown.columns.map((_, i) => bytes.subarray(i * bands, (i + 1) * bands));
    this.column = Math.min(this.column, Math.max(0, this.strips.length - 1));
    this.band = Math.min(this.band, bands - 1);
    this.grid.hidden = !this.strips.length;
    this.here.hidden = this.legend.hidden = this.patterns.hidden = this.grid.hidden;
    this.names.replaceChildren();
    this.shares.replaceChildren();
    for (const { name, holes, share } of shown.columns) {
      add(this.names, "span", "", name).title = name;
      add(this.shares, "span", "num", percent(share)).title = `${whole(holes)} of ${whole(shown.rows)}`;
    }
    const { complete } = shown;
    write(this.legend, `${rowsText(shown.rows)}, those with the same holes together. ${completeText(complete)}`);
    this.showPatterns();
    this.card.hide();
    this.redraw();
  }

  redraw(): void {
    const width = Math.max(1, Math.floor(this.box.clientWidth));
    const height = STRIP * this.strips.length;
    const scale = devicePixelRatio;
    [this.canvas.width, this.canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
    this.canvas.style.height = `${height}px`;
    const context = this.canvas.getContext("2d")!;
    const [there, missing] = [color(this.box, "--there"), color(this.box, "--train")];
    this.strips.forEach((bands, i) => {
      const [top, size] = [Math.round((i * STRIP + GAP / 2) * scale), Math.round((STRIP - GAP) * scale)];
      context.globalAlpha = 1;
      context.fillStyle = there;
      context.fillRect(0, top, this.canvas.width, size);
      context.fillStyle = missing;
      pixelsOf(bands, this.canvas.width).forEach((dark, x) => {
        if (!dark) return;
        context.globalAlpha = dark;
        context.fillRect(x, top, 1, size);
      });
    });
    this.showHere();
  }

  private showPatterns(): void {
    const { patterns, more_patterns: more, rows } = this.shown;
    this.patterns.replaceChildren();
    for (const { lacks, rows: count } of patterns) {
      const line = add(this.patterns, "li");
      const bar = add(line, "span", "missing-bar");
      add(bar, "span").style.width = `${(100 * count) / rows}%`;
      add(line, "span", "num", whole(count));
      add(line, "span", "missing-lacks", patternText(lacks, count));
    }
    if (more) add(this.patterns, "li", "muted", `and ${whole(more)} more combinations`);
  }

  private point({ clientX, clientY }: MouseEvent): void {
    const { left, top, width } = this.box.getBoundingClientRect();
    const column = Math.floor((clientY - top) / STRIP);
    if (column < 0 || column >= this.strips.length || clientX < left || clientX >= left + width) return;
    this.column = column;
    this.band = bandAt(this.strips[column], Math.floor(clientX - left), Math.floor(width));
    this.showHere();
  }

  private press(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.strips.length) return;
    if (event.key === "Enter" || event.key === " ") this.open(0);
    else if (!this.move(event.key)) return;
    event.preventDefault();
  }

  private move(key: string): boolean {
    const bands = this.strips[this.column];
    if (key === "ArrowRight") this.band = nextHole(bands, this.band, 1);
    else if (key === "ArrowLeft") this.band = nextHole(bands, this.band < 0 ? bands.length : this.band, -1);
    else if (key === "Home") this.band = nextHole(bands, -1, 1);
    else if (key === "End") this.band = nextHole(bands, bands.length, -1);
    else if (key === "ArrowDown") this.column = Math.min(this.strips.length - 1, this.column + 1);
    else if (key === "ArrowUp") this.column = Math.max(0, this.column - 1);
    else return false;
    if (this.band < 0) this.band = nextHole(this.strips[this.column], -1, 1);
    this.showHere();
    return true;
  }

  /** Where the pointer or the keyboard is, in words and as a mark. */
  private showHere(): void {
    const { column, band, strips } = this;
    const isSomewhere = band >= 0 && column < strips.length;
    this.mark.hidden = !isSomewhere;
    if (isSomewhere) this.tellPlace();
    else write(this.here, "Click a hole, or walk to it by the arrow keys and press Enter.");
  }

  private tellPlace(): void {
    const { shown, column, band, strips } = this;
    const rows = shown.edges[band + 1] - shown.edges[band];
    const holes = Math.round((strips[column][band] * rows) / 255);
    const bands = strips[column].length;
    const width = Math.max(5, this.box.clientWidth / bands);
    this.mark.style.left = `${Math.min(this.box.clientWidth - width, (this.box.clientWidth * band) / bands)}px`;
    this.mark.style.width = `${width}px`;
    this.mark.style.top = `${column * STRIP}px`;
    const what = rows === 1 ? (holes ? "missing" : "there") : `about ${whole(holes)} of ${whole(rows)} missing`;
    write(this.here, `${shown.columns[column].name}, ${placeText(shown.edges[band], rows)}: ${what}`);
  }

  private open(at: number): void {
    const { column, band } = this;
    const isHole = band >= 0 && this.strips[column]?.[band] > 0;
    this.frame.say(isHole ? "" : "No value is missing here.");
    if (!isHole) return;
    this.frame.kernel
      .ask<Hole>("hole", { column, band, at })
      .then((hole) => this.card.show(hole))
      .catch((error: Error) => this.frame.say(error.message, true));
  }
}

const rowsText = (rows: number): string => `${whole(rows)} row${rows === 1 ? "" : "s"} from left to right`;

function patternText(lacks: string[], rows: number): string {
  if (!lacks.length) return rows === 1 ? "has all values" : "have all values";
  return `${rows === 1 ? "lacks" : "lack"} ${lacks.join(", ")}`;
}

const placeText = (first: number, rows: number): string =>
  rows === 1 ? `place ${whole(first + 1)}` : `places ${whole(first + 1)} to ${whole(first + rows)}`;

function completeText(complete: string[]): string {
  if (!complete.length) return "Every column has holes.";
  return `Without holes: ${complete.join(", ")}.`;
}
