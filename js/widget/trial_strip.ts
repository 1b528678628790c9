import { add, write } from "./dom";
import { oneLine, truncate } from "./format";
import type { Link } from "./link";
import type { Trial } from "./protocol";
import { ended } from "./requests";
import type { Store } from "./store";
import { TrialLine } from "./trial_line";

const LONGEST = { label: 60, sentence: 400 }; // characters

/** The remedy on trial, where no open card shows it: its finding may have gone, or its card may be closed. */
export class TrialStrip {
  private element: HTMLElement;
  private line: TrialLine;
  private announcement: HTMLElement;
  private stage = "";
  private told: string | undefined;

  /** `leave` gives the focus to something else, when the strip is about to vanish. */
  constructor(
    parent: HTMLElement,
    private store: Store,
    link: Link,
    leave: () => void,
  ) {
    const place = add(parent, "div");
    this.element = add(place, "div", "trial-strip");
    this.element.setAttribute("role", "group");
    this.element.setAttribute("aria-label", "Trial");
    this.line = new TrialLine(this.element, store, link, leave);
    this.announcement = add(place, "div", "live-region");
    this.announcement.setAttribute("role", "status");
  }

  /** `mayGrow`: whether it may change its height; `isInCard`: whether an open card shows the trial. */
  show(mayGrow: boolean, isInCard: boolean): void {
    const { state } = this.store;
    const trial = ended(state) ? undefined : (state?.trial ?? undefined);
    this.announce(trial);
    const shown = isInCard ? undefined : trial;
    if (stageOf(shown) !== this.stage && !mayGrow) return;
    this.stage = stageOf(shown);
    this.line.show(shown?.id, labelOf(shown));
    this.element.hidden = !shown;
  }

  /** Says a verdict once, and none that had been reached before the panel came. */
  private announce(trial: Trial | undefined): void {
    const stage = stageOf(trial);
    if (this.told !== undefined && this.told !== stage && trial?.verdict) {
      const sentence = truncate(oneLine(trial.sentence ?? ""), LONGEST.sentence);
      write(this.announcement, `Trial of ${labelOf(trial)}: ${trial.verdict}. ${sentence}`);
    }
    this.told = stage;
  }
}

const stageOf = (trial: Trial | undefined): string => (trial ? `${trial.id} ${trial.verdict ?? ""}` : "");

const labelOf = (trial: Trial | undefined): string => (trial ? truncate(oneLine(trial.label), LONGEST.label) || trial.command : "");
