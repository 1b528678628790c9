import { add, addButton, addIcon, setAttribute, write } from "../widget/dom";
import type { Candidate, LeaderboardShown } from "./protocol";
import { drawStrip, type Scale } from "./score_strip";

const MOST_DOTS = 10;
const ICONS = { done: "good", failed: "error", dropped: "stop", stopped: "stop", running: "resume", waiting: "pause" } as const;

/** A candidate: its place, what it does, its scores as dots and along an axis, and a button that drops it. */
export class CandidateRow {
  readonly element: HTMLTableRowElement;
  private place: HTMLElement;
  private note: HTMLElement;
  private status: HTMLElement;
  private dots: HTMLElement;
  private strip: HTMLElement;
  private figure: HTMLElement;
  private drop: HTMLButtonElement;

  constructor(parent: HTMLElement, name: string, drop: () => void) {
    this.element = add(parent, "tr");
    this.place = add(this.element, "td", "board-place num");
    const named = add(this.element, "th", "board-name");
    named.scope = "row";
    add(named, "span", "board-title", name).title = name;
    this.note = add(named, "span", "board-note");
    this.status = add(this.element, "td", "board-status");
    this.dots = add(this.element, "td", "board-dots");
    this.strip = add(this.element, "td", "board-strip");
    this.figure = add(this.element, "td", "board-figure num");
    this.drop = addButton(add(this.element, "td", "board-drop"), "quiet", "Drop", drop);
    this.drop.setAttribute("aria-label", `Drop ${name}`);
    this.drop.dataset.key = `drop ${name}`;
  }

  show(candidate: Candidate, place: number, { expected, is_over }: LeaderboardShown, scale: Scale): void {
    const { status, mean, note, figure } = candidate;
    const isRanked = mean !== null && status !== "failed" && status !== "dropped";
    this.element.dataset.status = status;
    this.element.classList.toggle("board-best", isRanked && place === 0);
    write(this.place, isRanked ? String(place + 1) : "");
    write(this.note, note);
    this.note.title = note;
    this.showStatus(status);
    this.showDots(candidate.scores.length, expected);
    drawStrip(this.strip, candidate, scale);
    write(this.figure, figure);
    this.drop.hidden = is_over || (status !== "waiting" && status !== "running");
  }

  private showStatus(status: Candidate["status"]): void {
    if (this.status.textContent === status) return;
    this.status.replaceChildren();
    addIcon(this.status, ICONS[status]);
    add(this.status, "span", "", status);
  }

  private showDots(count: number, expected: number): void {
    const label = `${count} of ${expected}`;
    if (this.dots.getAttribute("aria-label") === label) return;
    setAttribute(this.dots, "aria-label", label);
    this.dots.replaceChildren();
    if (expected > MOST_DOTS) add(this.dots, "span", "num", `${count}/${expected}`);
    else for (let dot = 0; dot < expected; dot++) add(this.dots, "span", dot < count ? "board-dot full" : "board-dot");
  }
}
