import { add, addButton, setAttribute, write } from "./dom";
import type { Finding } from "./finding_log";
import { oneLine, truncate } from "./format";
import type { Link } from "./link";
import { Planning } from "./planning";
import type { RemedyButton } from "./protocol";
import { type RemedyOutcome, remedyOutcome, waitingText } from "./remedy_outcome";
import { RemedyPlan } from "./remedy_plan";
import type { Store } from "./store";
import { TrialLine } from "./trial_line";

const LONGEST = { label: 60, said: 400 }; // characters

/**
 * A remedy: its button, and beside it what it will do or what became of it. Where the run can plan it, a click shows the plan below, from
 * where it is applied; else a click applies it.
 */
export class RemedyRow {
  readonly element: HTMLElement;
  private button: HTMLButtonElement;
  private told: HTMLElement;
  private planning: Planning;
  private plan: RemedyPlan;
  private trial: TrialLine;

  /** `choosing` is told before a plan is asked for. */
  constructor(
    list: HTMLElement,
    private remedy: RemedyButton,
    private store: Store,
    private link: Link,
    private choosing: () => void,
  ) {
    this.element = add(list, "li");
    this.button = addButton(this.element, "remedy", "", () => this.choose());
    this.told = add(this.element, "span", "muted remedy-told");
    this.told.setAttribute("role", "status");
    this.planning = new Planning(remedy, store, link);
    this.plan = new RemedyPlan(this.element, this.told, this.planning);
    this.trial = new TrialLine(this.element, store, link, () => this.button.focus());
    this.element.addEventListener("keydown", (event) => this.press(event));
  }

  show(remedy: RemedyButton, finding: Finding): void {
    const { store, button, planning } = this;
    this.remedy = remedy;
    const outcome = remedyOutcome(store.eventLog, remedy, finding.time);
    const label = truncate(oneLine(remedy.label), LONGEST.label) || remedy.command;
    planning.settle();
    write(button, label);
    button.disabled = !store.isSteerable || (!planning.isOffered && outcome?.status === "refused");
    setAttribute(button, "title", truncate(oneLine(remedy.effect), LONGEST.said));
    setAttribute(button, "aria-busy", store.isSteerable && this.isBusy);
    if (planning.isOffered) setAttribute(button, "aria-expanded", planning.plan !== undefined);
    this.element.dataset.outcome = this.isBusy || planning.plan ? "" : (outcome?.status ?? "");
    write(this.told, truncate(oneLine(this.textOf(outcome)), LONGEST.said));
    this.plan.show(label, button);
    this.trial.show(outcome?.id, label);
  }

  get isOnTrial(): boolean {
    return this.trial.isNow;
  }

  cancel(): void {
    this.planning.cancel();
  }

  private choose(): void {
    const { link, planning, remedy, store } = this;
    if (!store.isSteerable) return;
    if (planning.plan) this.plan.focus();
    else if (planning.isOffered) {
      this.choosing();
      planning.ask();
    } else if (!this.isBusy) link.send({ command: remedy.command, arguments: remedy.arguments });
  }

  private press(event: KeyboardEvent): void {
    if (event.key === "Escape" && (this.planning.plan || this.planning.isWaiting)) {
      event.preventDefault();
      this.cancel();
    }
    // A key that is held down presses a button again and again, also one that has just come.
    if (event.repeat && (event.key === "Enter" || event.key === " ")) event.preventDefault();
  }

  private textOf(outcome: RemedyOutcome | undefined): string {
    const { planning, remedy, store } = this;
    const waits = this.isBusy && waitingText(store);
    if (waits) return waits;
    if (planning.isWaiting) return "planning …";
    if (planning.plan) return planning.plan.sentence ?? remedy.effect;
    if (outcome) return outcome.text;
    if (!store.isSteerable) return store.lost ? "The run can’t be reached." : "The run is over.";
    return remedy.effect;
  }

  private get isBusy(): boolean {
    const { link, planning, remedy } = this;
    return planning.isWaiting || planning.isApplying || link.isAsked(remedy.command, remedy.arguments);
  }
}
