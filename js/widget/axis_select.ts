import "./axis_select.css";
import { changeDetector } from "./changes";
import { add } from "./dom";
import { oneLine, truncate } from "./format";
import type { Store } from "./store";

const LONGEST = 20; // characters of a name

/** Lets one choose what the x axis of metrics shows. Returns what takes it away. */
export function addAxisSelect(parent: HTMLElement, store: Store): () => void {
  const { viewport } = store;
  const select = add(parent, "select", "axis-select");
  select.setAttribute("aria-label", "x axis");
  select.addEventListener("change", () => (viewport.by = select.value));
  const isOther = changeDetector();
  const unlisten = store.listen(() => {
    const { choices } = viewport;
    const by = viewport.by ?? (choices.includes("epoch") ? "epoch" : "step");
    const isThere = choices.includes(by);
    const shown = isThere ? choices : [...choices, by];
    select.hidden = shown.length < 2;
    if (!isOther(shown, isThere, by)) return;
    select.replaceChildren();
    for (const one of shown) {
      const option = add(select, "option", "", `by ${truncate(oneLine(one), LONGEST)}${one === by && !isThere ? " (not there)" : ""}`);
      option.value = one;
    }
    select.value = by;
    select.title = isThere ? "What the x axis shows" : `${oneLine(by)} is not there, or does not grow: the x axis shows steps`;
  });
  return () => {
    unlisten();
    select.remove();
  };
}
