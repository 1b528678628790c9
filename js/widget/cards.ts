import { add } from "./dom";
import { ended, type Event, type State } from "./protocol";
import { patience } from "./sentences";
import type { Store } from "./store";

/** Told plainly, if there is no title. */
type Told = [title: string, text: string];

/** What has become of the run without anybody asking for it: why it failed, that patience was over, that nothing was saved. */
export function addCards(panel: HTMLElement): (store: Store) => void {
  const failure = addCard(panel, "reason");
  failure.dataset.tone = "bad";
  const stopped = addCard(panel);
  const unsaved = addCard(panel);
  unsaved.dataset.tone = "warn";

  return ({ state, ledger }) => {
    const event = state && ledger.earlyStop && stillTrue(ledger.earlyStop, state) ? ledger.earlyStop : undefined;
    show(failure, state ? failed(state) : undefined);
    show(stopped, event && stopping(event));
    stopped.dataset.tone = event?.status === "would_stop" ? "soft" : "warn";
    show(unsaved, ledger.checkpoint?.status === "failed" ? saving(ledger.checkpoint) : undefined);
  };
}

export function addCard(panel: HTMLElement, className = ""): HTMLElement {
  const card = add(panel, "div", "card");
  add(card, "p", className);
  return card;
}

function show(card: HTMLElement, told: Told | undefined): void {
  card.hidden = !told;
  const paragraph = card.firstElementChild as HTMLElement;
  if (!told || paragraph.textContent === told.join("")) return;
  const [title, text] = told;
  paragraph.replaceChildren();
  paragraph.classList.toggle("muted", !title);
  if (title) add(paragraph, "b", "", title);
  paragraph.append(text);
}

function failed({ status, step, reason }: State): Told | undefined {
  if (status === "failed") return [`Failed at step ${step}.`, ` ${reason ?? "It did not say why."}`];
  if (status === "lost") return [`Lost at step ${step}.`, ` ${reason ?? GONE}`];
  return undefined;
}

const GONE = "The process is gone: it was killed or restarted, or its machine went down. What was recorded is kept.";

function stopping(event: Event): Told {
  if (event.status === "stopped") return [`Early stopping at step ${event.step}:`, ` ${patience(event)}`];
  return ["", `Early stopping is off; it would have stopped at step ${event.step}: ${patience(event)}`];
}

const saving = ({ step, reason }: Event): Told => [`No checkpoint saved at step ${step}.`, ` ${reason ?? "It did not say why."}`];

/** A run may have gone on after it was stopped; and what would have been is of interest while the switch is off. */
function stillTrue({ status, step }: Event, state: State): boolean {
  if (status === "stopped") return ended(state) || Boolean(state.stopping);
  return status === "would_stop" && state.early_stop?.on === false && state.early_stop.would_stop === step;
}
