import { changeDetector } from "./changes";
import { add, addButton, addIcon, setAttribute, write } from "./dom";
import { evidenceRows } from "./evidence";
import { type Finding, nameOf, titleOf } from "./finding_log";
import { oneLine } from "./format";
import type { Link } from "./link";
import { Proof } from "./proof";
import { Remedies } from "./remedies";
import { addAdvice } from "./snippet";
import type { Store } from "./store";

let count = 0; // of the cards in this page

/** A finding: one line of what it is, and below it, if it is open, the proof, what it means and what to do. */
export class FindingCard {
  readonly element = document.createElement("li");
  isOpen = false;
  private head: HTMLButtonElement;
  private severity: HTMLElement;
  private title: HTMLElement;
  private where: HTMLElement;
  private since: HTMLElement;
  private mute: HTMLButtonElement;
  private body: HTMLElement;
  private explanation: HTMLElement;
  private showAdvice: (text: string) => void;
  private remedies: Remedies;
  private figures: HTMLElement;
  private proof: Proof;
  private finding!: Finding;
  private isOther = changeDetector();

  constructor(
    private store: Store,
    private link: Link,
  ) {
    this.element.className = "finding-card";
    const line = add(this.element, "div", "finding-head");
    this.head = addButton(line, "finding-toggle", "", () => this.open(!this.isOpen));
    this.severity = add(this.head, "span", "severity");
    addIcon(this.severity, "error");
    addIcon(this.severity, "warning");
    add(this.severity, "span");
    this.title = add(this.head, "b");
    this.where = add(this.head, "code");
    this.since = add(this.head, "span", "muted since");
    this.mute = addButton(line, "quiet", "Mute", () => this.askToMute());
    this.body = add(this.element, "div", "finding-body");
    this.body.id = `trainbook-finding-${count++}`;
    this.head.setAttribute("aria-controls", this.body.id);
    const words = add(this.body, "div", "finding-words");
    this.explanation = add(words, "p");
    this.showAdvice = addAdvice(words);
    this.remedies = new Remedies(words, store, link);
    const shown = add(this.body, "div", "finding-proof");
    this.proof = new Proof(shown);
    this.figures = add(shown, "dl");
  }

  /** Whether a person is at it. */
  get isInUse(): boolean {
    return this.element.matches(":hover, :focus-within");
  }

  /** Whether the trial that goes on is seen in it. */
  get showsTrial(): boolean {
    return this.isOpen && this.remedies.isOnTrial;
  }

  /** `isGone`: it holds no longer, or is muted, but somebody still looks at it. */
  show(finding: Finding, isGone: boolean): void {
    this.finding = finding;
    const { event, severity, since, where } = finding;
    const isError = severity === "error";
    if (this.isOther(event, severity, since)) this.describe(finding);
    this.element.dataset.tone = isGone ? "soft" : isError ? "bad" : "warn";
    this.element.classList.toggle("gone", isGone);
    this.element.dataset.severity = severity;
    write(this.since, sinceText(finding, isGone));
    this.where.hidden = !where;
    const isReached = this.store.lost === null;
    this.mute.hidden = isGone;
    this.mute.disabled = !isReached;
    setAttribute(this.mute, "aria-busy", isReached && this.link.isAsked("mute", this.muting));
    setAttribute(this.mute, "title", isReached ? "Don’t show this finding any more" : "The run can’t be reached");
    setAttribute(this.head, "aria-expanded", this.isOpen);
    this.body.hidden = !this.isOpen;
    if (!this.isOpen) return;
    this.remedies.show(finding);
    this.proof.show(finding);
  }

  open(isOpen: boolean): void {
    this.isOpen = isOpen;
    this.store.touch();
  }

  focus(): void {
    this.head.focus({ preventScroll: true });
    this.element.scrollIntoView({ block: "nearest" });
  }

  dispose(): void {
    this.proof.dispose();
    this.element.remove();
  }

  private describe(finding: Finding): void {
    const { event, severity, where } = finding;
    write(this.severity.lastElementChild as HTMLElement, severity);
    write(this.title, titleOf(finding));
    write(this.where, oneLine(where));
    setAttribute(this.mute, "aria-label", `Mute ${nameOf(finding)}`);
    write(this.explanation, event.explanation ?? "");
    this.showAdvice(event.advice ?? "");
    const rows = evidenceRows(event.evidence);
    this.figures.hidden = !rows.length;
    this.figures.replaceChildren();
    for (const [name, value] of rows) {
      const row = add(this.figures, "div");
      add(row, "dt", "", name);
      add(row, "dd", "num", value);
    }
  }

  private get muting(): { finding: string; where: string; on: boolean } {
    return { finding: this.finding.kind, where: this.finding.where, on: true };
  }

  private askToMute(): void {
    if (!this.link.isAsked("mute", this.muting)) this.link.send({ command: "mute", arguments: this.muting });
  }
}

function sinceText({ since, holds, isMuted, stretches }: Finding, isGone: boolean): string {
  if (isGone && isMuted) return "muted";
  if (isGone && !holds) return `no longer holds since step ${stretches[stretches.length - 1].to}`;
  return since > 0 ? `since step ${since}` : "from the beginning";
}
