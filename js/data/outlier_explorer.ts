import { add, addButton, setAttribute, write } from "../widget/dom";
import type { Frame, View } from "./frame";
import type { OddRow, OutliersShown } from "./protocol";
import { type Decision, RowCard } from "./row_card";
import { Scatter } from "./scatter";
import { fromHighest } from "./spread";

const DONE = { keep: "is kept", drop: "is dropped", fix: "is fixed" };
const SLIDE_MS = 150; // a slider that is dragged passes values that nobody wants

/** The rows as points; those that are odd can be walked, and decided about. */
export function outlierExplorer(frame: Frame): View<OutliersShown> {
  return new OutlierExplorer(frame);
}

class OutlierExplorer implements View<OutliersShown> {
  private shown!: OutliersShown;
  private numbers = new Int32Array(0);
  /** The places of the rows, the oddest first. */
  private order: number[] = [];
  /** The place of the row that is selected. */
  private selected = -1;
  private slider: HTMLInputElement;
  private scoreName: HTMLElement;
  private along: HTMLSelectElement[];
  private undo: HTMLButtonElement;
  private last: HTMLElement;
  private scatter: Scatter;
  private here: HTMLElement;
  private card: RowCard;
  private timer = 0;

  constructor(private frame: Frame) {
    const { body } = frame;
    const tools = add(body, "div", "tools");
    const score = add(tools, "label", "field");
    add(score, "span", "muted", "Score by");
    this.slider = add(score, "input");
    this.slider.type = "range";
    this.slider.dataset.key = "score";
    this.scoreName = add(score, "span", "score-name");
    this.slider.addEventListener("input", () => this.slide());
    this.along = ["Across", "Up"].map((name) => {
      const label = add(tools, "label", "field");
      add(label, "span", "muted", name);
      const select = add(label, "select");
      select.dataset.key = name;
      select.addEventListener("change", () => this.ask({ x: this.along[0].value, y: this.along[1].value }));
      return select;
    });
    const columns = add(body, "div", "explorer");
    const left = add(columns, "div");
    this.scatter = new Scatter(left, (place) => this.select(place));
    const { box } = this.scatter;
    box.tabIndex = 0;
    box.dataset.key = "points";
    box.setAttribute("role", "application");
    box.setAttribute("aria-roledescription", "rows as points");
    box.setAttribute("aria-label", "Rows, the oddest first: right and left go to the next and the previous one, Home to the oddest");
    box.addEventListener("keydown", (event) => this.press(event));
    this.here = add(left, "p", "muted points-here");
    const log = add(left, "div", "last-step");
    this.undo = addButton(log, "quiet", "Undo", () => this.takeBack());
    this.undo.dataset.key = "undo";
    this.last = add(log, "span", "muted");
    this.card = new RowCard(columns, (decision, reason) => this.decide(decision, reason));
  }

  show(shown: OutliersShown): void {
    const before = this.selected < 0 ? undefined : this.numbers[this.selected];
    this.shown = shown;
    this.numbers = typed(Int32Array, shown.numbers);
    const scores = typed(Float32Array, shown.scores);
    this.order = fromHighest(scores);
    const decided = new Map(Object.entries(shown.decided).map(([number, what]) => [this.numbers.indexOf(Number(number)), what]));
    this.scatter.show({ x: typed(Float64Array, shown.x), y: typed(Float64Array, shown.y), scores, decided });
    this.showTools();
    const { beyond } = this.scatter;
    const edge = beyond ? ` ${beyond} lie${beyond === 1 ? "s" : ""} beyond the edge, where a triangle points.` : "";
    write(
      this.here,
      `Large and blue: the 5 % of rows with the highest scores.${edge} Click a point, or walk from the oddest one by the arrow keys.`,
    );
    this.undo.hidden = !shown.last;
    write(this.last, shown.last);
    this.selected = before === undefined ? -1 : this.numbers.indexOf(before);
    this.scatter.select(this.selected);
    if (this.selected >= 0) this.select(this.selected);
    else this.card.hide();
  }

  redraw(): void {
    this.scatter.draw();
  }

  private showTools(): void {
    const { neighbours, chosen, axes, along_x, along_y } = this.shown;
    [this.slider.min, this.slider.max] = ["0", String(neighbours.length - 1)];
    this.slider.value = String(Math.max(0, neighbours.indexOf(chosen)));
    this.tellScore(chosen);
    this.along.forEach((select, i) => {
      select.replaceChildren();
      for (const name of axes) add(select, "option", "", name).value = name;
      select.value = [along_x, along_y][i];
    });
  }

  private tellScore(neighbours: number): void {
    const text = neighbours ? `k = ${neighbours} neighbours` : "all detectors";
    write(this.scoreName, text);
    setAttribute(this.slider, "aria-valuetext", text);
  }

  private slide(): void {
    const neighbours = this.shown.neighbours[Number(this.slider.value)];
    this.tellScore(neighbours);
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.ask({ neighbours }), SLIDE_MS);
  }

  private ask(given: object): void {
    this.frame.request("show", given, "");
  }

  private press(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const rank = this.order.indexOf(this.selected);
    const last = this.order.length - 1;
    const to = { ArrowRight: rank + 1, ArrowDown: rank + 1, ArrowLeft: rank - 1, ArrowUp: rank - 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.select(this.order[Math.min(last, Math.max(0, to))]);
  }

  private select(place: number): void {
    const isNew = place !== this.selected;
    this.selected = place;
    this.scatter.select(place);
    const number = this.numbers[place];
    if (isNew) this.frame.say("");
    this.frame.kernel
      .ask<OddRow>("row", { number })
      .then((row) => {
        if (row.number !== this.numbers[this.selected]) return; // another one was chosen meanwhile
        this.card.show(row, this.shown.count, this.shown.decided[number]);
        if (isNew) this.frame.say(`Row ${row.label}: ${row.reason}.`);
      })
      .catch((error: Error) => this.frame.say(error.message, true));
  }

  /** After a decision the next row that is odd and undecided is at hand. */
  private async decide({ name, given }: Decision, reason: string): Promise<void> {
    const row = this.numbers[this.selected];
    const rest = this.order.slice(this.order.indexOf(this.selected) + 1).map((place) => this.numbers[place]);
    const next = rest.find((number) => !(number in this.shown.decided));
    const done = await this.frame.request(name, { version: this.shown.version, row, reason, ...given }, `Row ${row} ${DONE[name]}.`);
    if (!done || name === "fix" || next === undefined) return;
    const place = this.numbers.indexOf(next);
    if (place < 0) return;
    this.selected = place;
    this.select(place);
  }

  private takeBack(): void {
    this.frame.request("undo", { version: this.shown.version }, `Taken back: ${this.shown.last}`);
  }
}

/** Copied, since the bytes of a message may not be aligned. */
function typed<T>(kind: { new (buffer: ArrayBuffer): T }, { buffer, byteOffset, byteLength }: DataView): T {
  return new kind((buffer as ArrayBuffer).slice(byteOffset, byteOffset + byteLength));
}
