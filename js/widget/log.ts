import { add, Figure, write, type Part } from "./dom";
import { clock } from "./format";
import type { Event, State } from "./protocol";
import type { Store } from "./store";

/** What became of the last command, and why a run has failed. */
export const commands: Part = (panel, store) => {
  const card = addCard(panel, "muted");
  const failure = addCard(panel, "reason");
  failure.dataset.tone = "bad";

  return store.listen(() => {
    const event = lastCommand(store);
    card.hidden = !event;
    if (event) {
      card.dataset.tone = TONES[event.status ?? "requested"];
      write(card.firstElementChild as HTMLElement, new Figure(clock(event.time)), `\u2003${sentence(event)}`);
    }
    const { state } = store;
    failure.hidden = !(state?.reason && (state.status === "failed" || state.status === "lost"));
    if (state && !failure.hidden) explain(failure.firstElementChild as HTMLElement, state);
  });
};

const TONES = { requested: "soft", applied: "good", refused: "warn", failed: "bad" };

function addCard(panel: HTMLElement, className: string): HTMLElement {
  const card = add(panel, "div", "card");
  add(card, "p", className);
  return card;
}

function lastCommand({ events }: Store): Event | undefined {
  for (let i = events.length - 1; i >= 0; i--) {
    if (events[i].event === "command") return events[i];
  }
  return undefined;
}

function sentence(event: Event): string {
  const asked = `${commandName(event)}${event.by ? ` by ${event.by}` : ""}`;
  const because = event.reason ? `: ${event.reason}` : ".";
  if (event.status === "applied") return `${asked}, in force at step ${event.step}.`;
  if (event.status === "refused" || event.status === "failed") return `${asked}, ${event.status}${because}`;
  return `${asked}, requested.`;
}

function commandName({ command, arguments: how }: Event): string {
  if (command === "stop") return how?.when === "epoch" ? "Stop after epoch" : "Stop now";
  return command ?? "A command";
}

function explain(paragraph: HTMLElement, { status, step, reason }: State): void {
  const text = `${status === "failed" ? "Failed" : "Lost"} at step ${step}.`;
  if (paragraph.textContent === `${text} ${reason}`) return;
  paragraph.replaceChildren();
  add(paragraph, "b", "", text);
  paragraph.append(` ${reason}`);
}
