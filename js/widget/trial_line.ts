import { add, addButton, Mono, setAttribute, write } from "./dom";
import { oneLine, short, truncate } from "./format";
import type { Link } from "./link";
import type { TrialEvent } from "./protocol";
import { ended } from "./requests";
import type { Store } from "./store";

const LONGEST = { metric: 60, sentence: 400 }; // characters

/** The trial of a remedy: how far it is, later what came of it; and buttons to keep the remedy and to take it back. */
export class TrialLine {
  readonly element: HTMLElement;
  private name: HTMLElement;
  private far: HTMLElement;
  private verdict: HTMLElement;
  private sentence: HTMLElement;
  private figures: HTMLElement;
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
    this.far = add(title, "span", "muted far");
    this.verdict = add(title, "strong", "verdict");
    this.sentence = add(words, "span");
    this.figures = add(words, "span", "muted figures");
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
    write(this.sentence, truncate(oneLine(compared?.sentence ?? now?.sentence ?? ""), LONGEST.sentence));
    write(this.figures, ...(compared ? figuresOf(compared) : []));
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

/** What the metric was and is, and by how much it differs from what its trend would have given. */
function figuresOf({ metric, before, after, low, high }: TrialEvent): (string | Mono)[] {
  const figure = (value: number | null | undefined) => new Mono(typeof value === "number" ? short(value) : "no number");
  const values = [truncate(oneLine(metric ?? "metric"), LONGEST.metric), " ", figure(before), " → ", figure(after)];
  const isKnown = typeof low === "number" && typeof high === "number";
  return isKnown ? [...values, " · difference to its trend ", figure(low), " to ", figure(high), " (95 %)"] : values;
}
