import { changeDetector } from "./changes";
import { add, setAttribute, write } from "./dom";
import { type Finding, nameOf } from "./finding_log";
import { type Health, type HealthMark, type HealthStretch, healthOf } from "./health";
import { ended } from "./requests";
import type { Store } from "./store";

const WORDS = { good: "nothing found", warn: "warning", bad: "error" };
const NEAR = 6; // px from a mark
const [WIDE, LEAST_BESIDE] = [520, 170]; // px of a row that has room for words beside the strip, and of these words
const LABEL = 64; // px, where there is no plot to be in line with
const PADDING = 14; // px, of the section

/** How healthy the run was, step by step, in line with the x axis of the large plot. */
export class HealthStrip {
  readonly element: HTMLElement;
  private track: HTMLElement;
  private cross: HTMLElement;
  private card: HTMLElement;
  private liveRegion: HTMLElement;
  private health: Health = { stretches: [], marks: [] };
  /** What is told of: the number of a mark or of a stretch, in the order of the steps. */
  private at: Told | undefined;
  private hasChanged = changeDetector();

  constructor(
    private row: HTMLElement,
    private store: Store,
    private go: (finding: Finding) => void,
  ) {
    this.element = add(row, "div", "health");
    this.element.tabIndex = 0;
    // The role application: without it a screen reader keeps the arrow keys for itself.
    this.element.setAttribute("role", "application");
    this.element.setAttribute("aria-roledescription", "health strip");
    this.element.setAttribute("data-lm-suppress-shortcuts", "");
    this.track = add(this.element, "div", "health-track");
    this.cross = add(this.element, "div", "cross");
    this.card = add(this.element, "div", "hover");
    this.liveRegion = add(this.element, "div", "live-region");
    this.liveRegion.setAttribute("aria-live", "polite");
    this.tell(undefined);
    this.element.addEventListener("pointermove", ({ clientX }) => this.tell(this.under(clientX)));
    this.element.addEventListener("pointerleave", () => this.tell(undefined));
    this.element.addEventListener("blur", () => this.tell(undefined));
    this.element.addEventListener("click", () => this.choose());
    this.element.addEventListener("keydown", (event) => this.press(event));
  }

  draw(): void {
    const { store, row, element } = this;
    const edges = this.place();
    const { viewport, eventLog, version } = store;
    if (!this.hasChanged(version, viewport.span, viewport.by, edges, row.clientWidth)) return;
    const { start } = viewport.stepAxis;
    const known = eventLog.findings.all.filter(({ isMuted }) => !isMuted);
    this.health = healthOf(known, start, Math.max(start, this.last));
    this.track.replaceChildren(
      ...this.health.stretches.map((one) => this.pieceOf(one)),
      ...this.health.marks.map((one) => this.markOf(one)),
    );
    setAttribute(element, "aria-label", `Health by step: ${this.health.stretches.map(stretchText).join("; ") || "not looked at yet"}`);
    this.tell(undefined);
  }

  /** The last step at which it is known: a run is looked at once more when it ends, and one of another version may not say it. */
  private get last(): number {
    const { state, viewport } = this.store;
    const isWhole = state?.judged === undefined ? this.store.eventLog.findings.all.length > 0 : ended(state) && state.status !== "lost";
    return isWhole ? viewport.last : (state?.judged ?? 0);
  }

  /** In line with the plot, if there is one; the words of the row are beside it where there is room, or else above it. */
  private place(): [left: number, width: number] {
    const { row, store } = this;
    const { section, area } = store.large ?? {};
    const all = section?.offsetWidth ?? row.clientWidth - (row.clientWidth > WIDE ? LEAST_BESIDE : 0);
    const [edge, plot] = [row, area].map((one) => one?.getBoundingClientRect());
    const left = plot?.width ? plot.left - edge!.left : LABEL;
    const width = plot?.width || all - LABEL - 2 * PADDING;
    const isBeside = row.clientWidth - all >= LEAST_BESIDE;
    row.classList.toggle("stacked", !isBeside);
    row.style.setProperty("--left", `${left}px`);
    row.style.setProperty("--width", `${width}px`);
    return [left, width];
  }

  private pieceOf(stretch: HealthStretch): HTMLElement {
    const piece = document.createElement("i");
    piece.className = `piece ${stretch.tone}`;
    const [from, to] = [this.xOf(stretch.from), this.xOf(stretch.to)];
    piece.style.left = `${100 * from}%`;
    piece.style.width = `${100 * (to - from)}%`;
    return piece;
  }

  private markOf({ step, came }: HealthMark): HTMLElement {
    const mark = document.createElement("i");
    mark.className = came.length ? "mark came" : "mark went";
    mark.style.left = `${100 * this.xOf(step)}%`;
    return mark;
  }

  /** Where a step is, as a share of the width. */
  private xOf(step: number): number {
    const { span, xAxis } = this.store.viewport;
    const [from, to] = span.map((one) => xAxis.toX(one));
    return (xAxis.toX(step) - from) / (to - from || 1);
  }

  private get told(): Told[] {
    const { stretches, marks } = this.health;
    const all = [...marks.map((mark) => ({ step: mark.step, mark })), ...stretches.map((stretch) => ({ step: stretch.from, stretch }))];
    return all.sort((a, b) => a.step - b.step);
  }

  private under(clientX: number): Told | undefined {
    const { left, width } = this.element.getBoundingClientRect();
    const distance = ({ step }: Told) => Math.abs(this.xOf(step) * width - (clientX - left));
    const nearest = this.told.filter(({ mark }) => mark).sort((a, b) => distance(a) - distance(b))[0];
    if (nearest && distance(nearest) <= NEAR) return nearest;
    const isIn = ({ stretch }: Told) =>
      stretch && this.xOf(stretch.from) * width <= clientX - left && clientX - left < this.xOf(stretch.to) * width;
    return this.told.find(isIn);
  }

  private tell(told: Told | undefined): void {
    this.at = told;
    const { card, cross, element } = this;
    card.hidden = cross.hidden = !told;
    if (!told) return;
    const { mark, stretch } = told;
    card.replaceChildren();
    for (const text of mark ? markTexts(mark) : stretchTexts(stretch!)) add(card, "span", "wide", text);
    const [from, to] = mark ? [mark.step, mark.step] : [stretch!.from, stretch!.to];
    const at = Math.min(1, Math.max(0, (this.xOf(from) + this.xOf(to)) / 2)) * element.clientWidth;
    cross.style.left = `${at}px`;
    cross.hidden = !mark;
    card.style.left = `${Math.max(0, Math.min(at + 9, element.clientWidth - card.offsetWidth))}px`;
  }

  private choose(): void {
    const { mark, stretch } = this.at ?? {};
    const finding = mark ? (mark.came[0] ?? mark.went[0]) : stretch?.findings[0];
    if (finding) this.go(finding);
  }

  private press(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { told } = this;
    const i = told.findIndex(({ mark, stretch }) => mark === this.at?.mark && stretch === this.at?.stretch);
    const moves: Record<string, number> = { ArrowLeft: i < 0 ? told.length - 1 : i - 1, ArrowRight: i + 1, Home: 0, End: told.length - 1 };
    if (event.key === "Escape") this.tell(undefined);
    else if (event.key === "Enter" || event.key === " ") this.choose();
    else if (event.key in moves) {
      this.tell(told[Math.max(0, Math.min(told.length - 1, moves[event.key]))]);
      write(this.liveRegion, [...this.card.children].map(({ textContent }) => textContent).join(", "));
    } else return;
    event.preventDefault();
  }
}

interface Told {
  step: number;
  mark?: HealthMark;
  stretch?: HealthStretch;
}

const markTexts = ({ step, came, went }: HealthMark): string[] => [
  `step ${step}`,
  ...came.map((finding) => `found: ${nameOf(finding)}`),
  ...went.map((finding) => `no longer: ${nameOf(finding)}`),
];

const stretchTexts = ({ from, to, tone, findings }: HealthStretch): string[] => [
  `steps ${from} to ${to}: ${WORDS[tone]}`,
  ...findings.map(nameOf),
];

const stretchText = ({ from, to, tone }: HealthStretch): string => `steps ${from} to ${to} ${WORDS[tone]}`;
