import type { Frame, View } from "../data/frame";
import { add, addButton, setAttribute, write } from "../widget/dom";
import type { Candidate, LeaderboardShown } from "./protocol";

/** A row for each candidate, the best on top. */
export function leaderboard(frame: Frame): View<LeaderboardShown> {
  return new Leaderboard(frame);
}

class Leaderboard implements View<LeaderboardShown> {
  private list: HTMLElement;
  private stop: HTMLButtonElement;

  constructor(private frame: Frame) {
    this.stop = addButton(frame.body, "", "Stop", () => frame.request("stop", {}, "It ends after the work that is being done now."));
    this.list = add(frame.body, "ol");
  }

  show({ candidates, is_over, is_stopped }: LeaderboardShown): void {
    this.stop.hidden = is_over;
    this.stop.disabled = is_stopped;
    this.list.replaceChildren();
    for (const candidate of candidates) this.addRow(candidate, is_over);
  }

  redraw(): void {}

  private addRow({ name, status, figure, note }: Candidate, isOver: boolean): void {
    const row = add(this.list, "li");
    write(add(row, "span"), `${name}: ${status} ${figure} ${note}`);
    if (isOver || !["waiting", "running"].includes(status)) return;
    const drop = addButton(row, "quiet", "Drop", () => this.frame.request("drop", { name }, `${name} is dropped.`));
    setAttribute(drop, "aria-label", `Drop ${name}`);
    drop.dataset.key = `drop ${name}`;
  }
}
