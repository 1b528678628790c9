import { add, setAttribute } from "./dom";
import { oneLine, truncate } from "./format";
import type { Link } from "./link";
import { type Ask, addOnceButton, type OnceButton } from "./once_button";
import type { RegisteredCommand, State } from "./protocol";
import { isViewMessage } from "./requests";
import type { Store } from "./store";

const MOST = 100; // buttons; more can only be a mistake, and would slow down the panel
const LONGEST = 60; // characters of a label
const WIDE = 26; // characters; the end of a longer label may be cut off

/** Buttons for commands that other packages have registered. They have rows of their own, since nothing limits how many there are. */
export function addRegisteredCommands(bar: HTMLElement, link: Link, ask: Ask): (store: Store) => void {
  const group = add(bar, "span", "group registered");
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", "More commands");
  let buttons = new Map<string, OnceButton>();

  return ({ state, isSteerable }) => {
    const labels = labelsOf(state);
    const before = buttons;
    buttons = new Map();
    labels.forEach((label, command) => {
      const once = before.get(command) ?? addOnceButton(group, { command, arguments: {} }, link, ask);
      buttons.set(command, once);
      once.show(label, isSteerable);
      setAttribute(once.button, "title", label.length > WIDE ? label : "");
    });
    before.forEach(({ button }, command) => buttons.has(command) || button.remove());
    sort(
      group,
      [...buttons.values()].map(({ button }) => button),
    );
    group.hidden = !buttons.size;
  };
}

/** What a registered command is called: its label, or else its name. */
export function nameOf({ command, label }: RegisteredCommand): string {
  return truncate(oneLine(label) || oneLine(command) || "Unnamed command", LONGEST);
}

/** Labels by command. */
function labelsOf(state: State | null): Map<string, string> {
  const labels = new Map<string, string>();
  for (const registered of state?.commands ?? []) {
    const { command } = registered;
    if (labels.size < MOST && !labels.has(command) && !isViewMessage(command)) labels.set(command, nameOf(registered));
  }
  return labels;
}

/** Moves only what is out of place: a button that is moved loses the focus. */
function sort(group: HTMLElement, buttons: HTMLButtonElement[]): void {
  buttons.forEach((button, i) => {
    const now = group.children[i] ?? null;
    if (now !== button) group.insertBefore(button, now);
  });
}
