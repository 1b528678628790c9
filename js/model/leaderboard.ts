import type { Frame, View } from "../data/frame";
import { add, addButton, write } from "../widget/dom";
import { CandidateRow } from "./candidate_row";
import type { Candidate, LeaderboardShown } from "./protocol";
import { drawScale, scaleOf } from "./score_strip";

const MOVE_MS = 350;
const CELLS = ["place", "name", "status", "dots", "strip", "figure", "drop"];
const HEADINGS: Record<string, string> = { name: "candidate", status: "status", dots: "scores", figure: "mean" };

/** A row for each candidate, the best on top. */
export function leaderboard(frame: Frame): View<LeaderboardShown> {
  return new Leaderboard(frame);
}

class Leaderboard implements View<LeaderboardShown> {
  private about: HTMLElement;
  private stop: HTMLButtonElement;
  private scale: HTMLElement;
  private body: HTMLElement;
  private rows = new Map<string, CandidateRow>();

  constructor(private frame: Frame) {
    const tools = add(frame.body, "div", "tools");
    this.about = add(tools, "span", "muted");
    this.stop = addButton(tools, "right", "Stop", () => frame.request("stop", {}, "It ends with what is known so far."));
    this.stop.dataset.key = "stop";
    const table = add(frame.body, "table", "board");
    const line = add(add(table, "thead"), "tr");
    const cells = CELLS.map((name) => add(line, HEADINGS[name] ? "th" : "td", `board-${name}`, HEADINGS[name]));
    this.scale = cells[CELLS.indexOf("strip")];
    this.body = add(table, "tbody");
  }

  show(shown: LeaderboardShown): void {
    write(this.about, aboutText(shown));
    this.stop.hidden = shown.is_over;
    this.stop.disabled = shown.is_stopped;
    write(this.stop, shown.is_stopped ? "Stopping…" : "Stop");
    const scale = scaleOf(shown.candidates);
    drawScale(
      this.scale,
      scale,
      shown.candidates.some(({ scores }) => scores.length > 0),
    );
    shown.candidates.forEach((candidate, place) => this.rowOf(candidate).show(candidate, place, shown, scale));
    this.order(shown.candidates);
  }

  redraw(): void {}

  private rowOf({ name }: Candidate): CandidateRow {
    const known =
      this.rows.get(name) ?? new CandidateRow(this.body, name, () => this.frame.request("drop", { name }, `${name} is dropped.`));
    this.rows.set(name, known);
    return known;
  }

  /** Rows glide to their places, unless the person wants no motion. */
  private order(candidates: Candidate[]): void {
    const wanted = candidates.map(({ name }) => this.rows.get(name)!.element);
    if (wanted.every((row, place) => this.body.children[place] === row)) return;
    const before = wanted.map((row) => row.offsetTop);
    this.body.append(...wanted);
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    wanted.forEach((row, place) => {
      const moved = before[place] - row.offsetTop;
      if (moved) row.animate([{ transform: `translateY(${moved}px)` }, { transform: "none" }], { duration: MOVE_MS, easing: "ease-out" });
    });
  }
}

function aboutText({ candidates, metric, mode }: LeaderboardShown): string {
  const through = candidates.filter(({ status }) => status === "done" || status === "failed" || status === "dropped").length;
  return `${through} of ${candidates.length} through · ${metric}, ${mode === "min" ? "lower" : "higher"} is better`;
}
