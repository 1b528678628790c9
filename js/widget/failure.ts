import { addCard } from "./cards";
import { add } from "./dom";
import type { State } from "./protocol";
import type { Store } from "./store";

const GONE = "The process is gone: it was killed or restarted, or its machine went down. What was recorded is kept.";

/** Why a run failed or was lost, which is what a person wants to know first. */
export function addFailure(panel: HTMLElement): (store: Store) => void {
  const card = addCard(panel, "reason");
  card.dataset.tone = "bad";
  const words = card.firstElementChild as HTMLElement;

  return ({ state }) => {
    const [title, text] = (state && failureOf(state)) ?? [];
    card.hidden = title === undefined;
    if (title === undefined || words.textContent === `${title}${text}`) return;
    words.replaceChildren();
    add(words, "b", "", title);
    words.append(text!);
  };
}

function failureOf({ status, step, reason }: State): [title: string, text: string] | undefined {
  if (status === "failed") return [`Failed at step ${step}.`, ` ${reason ?? "It did not say why."}`];
  if (status === "lost") return [`Lost at step ${step}.`, ` ${reason ?? GONE}`];
  return undefined;
}
