import { bestOf, merit } from "./checkpoints";
import { add, addButton, mark } from "./dom";
import type { Link } from "./link";
import { ended, type Request, type State } from "./protocol";
import type { Store } from "./store";

type Ask = (request: Request) => void;

/** What can be done with the model beside training it: evaluate it, save it, go back to where it was best. */
export function addAside(bar: HTMLElement, link: Link, ask: Ask): (store: Store) => void {
  const group = add(bar, "span", "group right");
  const evaluate = addOnce(group, "Evaluate now", { command: "evaluate", arguments: {} }, link, ask);
  const save = addOnce(group, "Checkpoint", { command: "checkpoint", arguments: {} }, link, ask);
  const back = addOnce(group, "Roll back to best", { command: "rollback", arguments: { to: "best" } }, link, ask);
  save.button.setAttribute("aria-label", "Checkpoint now");

  return ({ state }) => {
    const best = bestOf(state);
    evaluate.show(state, state?.can_evaluate);
    save.show(state, state?.can_checkpoint);
    back.show(state, state?.can_checkpoint, best !== undefined);
    mark(back.button, "title", best ? merit(best) : "no checkpoint is best yet");
    group.hidden = !state?.can_evaluate && !state?.can_checkpoint;
  };
}

/** A button that waits for the outcome: each of these takes a while, and a second one would change nothing. */
function addOnce(group: HTMLElement, text: string, request: Request, link: Link, ask: Ask) {
  const isBusy = () => link.outstanding(request.command).length > 0;
  const button = addButton(group, "quiet", text, () => isBusy() || ask(request));

  const show = (state: State | null, isOffered = false, isPossible = true) => {
    button.hidden = !isOffered;
    button.disabled = ended(state) || !isPossible;
    mark(button, "aria-busy", !ended(state) && isBusy());
  };
  return { button, show };
}
