import { addCard } from "./cards";
import { addButton, Mono, setAttribute, write } from "./dom";
import { oneLine, truncate } from "./format";
import type { Store } from "./store";

const LONGEST = 60; // letters of names

/** Tells that something was shown which has no room in the panel yet, with a button that makes room. The returned function tells whether it does. */
export function addMediaNotice(parent: HTMLElement, store: Store): () => boolean {
  const card = addCard(parent);
  const words = card.firstElementChild as HTMLElement;
  const open = addButton(card, "", "Show media", () => {
    store.room.set(true);
    store.touch();
  });
  store.room.hasNotice = true;

  return () => {
    const shown = store.eventLog.media;
    card.hidden = !shown.size || store.room.isOpen || !store.room.hasPart;
    if (card.hidden) return false;
    const names = truncate([...shown.keys()].map(oneLine).join(", "), LONGEST);
    const step = Math.max(...[...shown.values()].map((items) => items[items.length - 1].step));
    write(words, "Shown at step ", new Mono(String(step)), `: ${names}`);
    setAttribute(open, "aria-label", `Show media: ${names}`);
    return true;
  };
}
