import { add, addButton, write, type Part } from "./dom";
import type { Link } from "./link";
import { ended, type Event, type When } from "./protocol";
import type { Store } from "./store";

export const controls: Part = (panel, store, link) => {
  const bar = add(panel, "div", "controls");
  const group = add(bar, "span", "group");
  const stop = (when: When) => () => {
    if (!ended(store.state)) link.send({ command: "stop", arguments: { when } });
  };
  const now = addButton(group, "danger", "", stop("step"));
  add(now, "i", "square").setAttribute("aria-hidden", "true");
  now.append("Stop now");
  const later = addButton(group, "quiet", "Stop after epoch", stop("epoch"));
  const hint = add(bar, "span", "muted hint");
  hint.setAttribute("role", "status");

  return store.listen(() => {
    const over = ended(store.state);
    show(now, over, !over && stopping(store, link, "step"));
    const hasNoEpochs = store.state?.epoch === null;
    show(later, over || hasNoEpochs, !over && stopping(store, link, "epoch"));
    write(hint, over ? "" : words(store, link));
  });
};

/** Pressed is what was asked for and not turned down; a press can be repeated, for asking again does no harm. */
function show(button: HTMLButtonElement, disabled: boolean, pressed: boolean): void {
  button.disabled = disabled;
  button.setAttribute("aria-pressed", String(pressed));
  button.setAttribute("aria-busy", String(pressed));
}

function words(store: Store, link: Link): string {
  if (link.unanswered) return "no answer yet; still asking";
  return stopping(store, link, "step") || stopping(store, link, "epoch") ? "stopping …" : "";
}

function stopping(store: Store, link: Link, when: When): boolean {
  const outcome = new Map<string, Event>();
  for (const event of store.events) {
    if (event.event === "command" && event.id) outcome.set(event.id, event);
  }
  const asked = [...link.sent.values()].some(
    ({ content }) => content.command === "stop" && content.arguments.when === when && !outcome.has(content.id),
  );
  const heard = [...outcome.values()].some(
    (event) => event.command === "stop" && event.arguments?.when === when && (event.status === "requested" || event.status === "applied"),
  );
  return asked || heard;
}
