import { add, addButton, Mono, setAttribute, write } from "./dom";
import { oneLine, truncate } from "./format";
import type { Link } from "./link";
import { notDone, waitingText } from "./remedy_outcome";
import { ended } from "./requests";
import type { Store } from "./store";

const LONGEST = { sentence: 400, said: 200 }; // characters

/** The trial of a remedy: how far it is, later what came of it; and buttons to keep the remedy and to take it back. */
export class TrialLine {
  readonly element: HTMLElement;
  private name: HTMLElement;
  private far: HTMLElement;
  private verdict: HTMLElement;
  private sentence: HTMLElement;
  private said: HTMLElement;
  private buttons: HTMLElement;
  private keep: HTMLButtonElement;
  private undo: HTMLButtonElement;
  private id = "";
  /** Whether the trial goes on until it is kept or taken back. */
  isNow = false;

  /** `leave` gives the focus to something else, when the buttons are about to vanish. */
  constructor(
    parent: HTMLElement,
    private store: Store,
    private link: Link,
    private leave: () => void,
  ) {
    this.element = add(parent, "div", "trial");
    this.element.hidden = true;
    const words = add(this.element, "div", "trial-words");
    const title = add(words, "span", "", "Trial of ");
    this.name = add(title, "strong");
    title.append(": ");
    this.far = add(title, "span", "muted trial-progress");
    this.verdict = add(title, "strong", "verdict");
    this.sentence = add(words, "span");
    this.said = add(words, "span", "not-done");
    this.buttons = add(this.element, "span", "group");
    this.keep = addButton(this.buttons, "", "Keep", () => this.ask("keep"));
    this.undo = addButton(this.buttons, "", "Undo", () => this.ask("undo"));
  }

  /** `id`: of the command that has applied the remedy; `label`: what it is called. */
  show(id: string | undefined, label: string): void {
    const { element, store } = this;
    const { eventLog, state } = store;
    const now = id !== undefined && state?.trial?.id === id && !ended(state) ? state.trial : undefined;
    const compared = id === undefined ? undefined : eventLog.remedies.comparison(id);
    const hadFocus = this.buttons.matches(":focus-within");
    element.hidden = !now && !compared;
    this.buttons.hidden = !now;
    this.isNow = now !== undefined;
    if (hadFocus && (element.hidden || this.buttons.hidden)) this.leave();
    if (id === undefined || element.hidden) return;
    this.id = id;
    const verdict = compared?.verdict ?? now?.verdict;
    write(this.name, label);
    write(this.far, ...(now && !verdict ? progressOf(now, state?.step ?? 0) : []));
    write(this.verdict, verdict ?? "");
    const waits = this.isAsked("undo") && waitingText(store);
    const sentence = waits || (compared?.sentence ?? now?.sentence ?? "");
    write(this.sentence, truncate(oneLine(sentence), LONGEST.sentence));
    write(this.said, truncate(oneLine(this.whyNot), LONGEST.said));
    element.dataset.verdict = verdict ?? "";
    this.showButtons(label);
  }

  private showButtons(label: string): void {
    for (const [button, command, word] of [
      [this.keep, "keep", "Keep"],
      [this.undo, "undo", "Undo"],
    ] as const) {
      button.disabled = !this.store.isSteerable;
      setAttribute(button, "aria-label", `${word} ${label}`);
      setAttribute(button, "aria-busy", this.store.isSteerable && this.isAsked(command));
    }
  }

  /** Why what was asked for last is not done. */
  private get whyNot(): string {
    const asked = (command: "keep" | "undo") => this.store.eventLog.since(0, command, ({ id }) => id === this.id);
    const [keep, undo] = [asked("keep"), asked("undo")];
    const last = (keep?.order ?? -1) > (undo?.order ?? -1) ? keep : undo;
    return (last && notDone(last.event)?.text) ?? "";
  }

  private isAsked(command: "keep" | "undo"): boolean {
    return this.link.isAsked(command, { id: this.id });
  }

  /** One of the two, once. */
  private ask(command: "keep" | "undo"): void {
    if (!this.store.isSteerable || this.isAsked("keep") || this.isAsked("undo")) return;
    this.link.send({ command, arguments: { id: this.id } });
  }
}

function progressOf({ since, until }: { since: number; until: number }, step: number): (string | Mono)[] {
  const whole = Math.max(until - since, 0);
  const done = Math.min(Math.max(step - since, 0), whole);
  return [new Mono(`${done}`), " of ", new Mono(`${whole}`), " steps"];
}
