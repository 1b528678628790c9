import { add } from "./dom";
import type { EarlyStopEvent, State } from "./protocol";
import { ended } from "./requests";
import type { Store } from "./store";

/** Without a title the text is muted. */
type Content = [title: string, text: string];

/**
 * Notices of what the run did by itself: that early stopping stopped it, that a checkpoint could not be saved. The returned function
 * tells whether there is any.
 */
export function addCards(panel: HTMLElement): (store: Store) => boolean {
  const stopped = addCard(panel);
  const unsaved = addCard(panel);
  unsaved.dataset.tone = "warn";

  return ({ state, eventLog }) => {
    const event = state && eventLog.earlyStop && stillApplies(eventLog.earlyStop, state) ? eventLog.earlyStop : undefined;
    show(stopped, event && contentOf(event.sentence, event.status === "stopped"));
    stopped.dataset.tone = event?.status === "would_stop" ? "soft" : "warn";
    show(unsaved, eventLog.checkpoint?.status === "failed" ? contentOf(eventLog.checkpoint.sentence, true) : undefined);
    return !stopped.hidden || !unsaved.hidden;
  };
}

export function addCard(panel: HTMLElement, className = ""): HTMLElement {
  const card = add(panel, "div", "card");
  add(card, "p", className);
  return card;
}

function show(card: HTMLElement, content: Content | undefined): void {
  card.hidden = !content;
  const paragraph = card.firstElementChild as HTMLElement;
  if (!content || paragraph.textContent === content.join("")) return;
  const [title, text] = content;
  paragraph.replaceChildren();
  paragraph.classList.toggle("muted", !title);
  if (title) add(paragraph, "b", "", title);
  paragraph.append(text);
}

/** A sentence; up to its colon it can be the title. */
function contentOf(sentence: string | undefined, hasTitle: boolean): Content | undefined {
  if (sentence === undefined) return undefined;
  const colon = hasTitle ? sentence.indexOf(":") + 1 : 0;
  return [sentence.slice(0, colon), sentence.slice(colon)];
}

/** A run may have continued after it was stopped, and "would have stopped" matters only while early stopping is off. */
function stillApplies({ status, step }: EarlyStopEvent, state: State): boolean {
  if (status === "stopped") return ended(state) || Boolean(state.stopping);
  return status === "would_stop" && state.early_stop?.on === false && state.early_stop.would_stop === step;
}
