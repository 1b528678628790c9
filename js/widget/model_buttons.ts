import { bestOf, scoreOf } from "./checkpoints";
import { add, setAttribute } from "./dom";
import type { Link } from "./link";
import { type Ask, addOnceButton } from "./once_button";
import type { Store } from "./store";

/** What can be done with the model besides training it: evaluate it, save it, go back to its best checkpoint. */
export function addModelButtons(bar: HTMLElement, link: Link, ask: Ask): (store: Store) => void {
  const group = add(bar, "span", "group right");
  const evaluate = addOnceButton(group, { command: "evaluate", arguments: {} }, link, ask);
  const save = addOnceButton(group, { command: "checkpoint", arguments: {} }, link, ask);
  const back = addOnceButton(group, { command: "rollback", arguments: { to: "best" } }, link, ask);
  setAttribute(save.button, "aria-label", "Checkpoint now");

  return ({ state, isSteerable }) => {
    const best = bestOf(state);
    evaluate.show("Evaluate now", isSteerable);
    save.show("Checkpoint", isSteerable);
    back.show("Roll back to best", isSteerable, best !== undefined);
    setAttribute(back.button, "title", best ? scoreOf(best) : "no checkpoint is best yet");
    evaluate.button.hidden = !state?.can_evaluate;
    save.button.hidden = back.button.hidden = !state?.can_checkpoint;
    group.hidden = !state?.can_evaluate && !state?.can_checkpoint;
  };
}
