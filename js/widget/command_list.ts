import { addCard, addCards } from "./cards";
import { changeDetector } from "./changes";
import { add, addButton, Mono, setAttribute, write } from "./dom";
import { type CommandEntry, isUndone } from "./event_log";
import { clock } from "./format";
import type { Link } from "./link";
import { addMediaNotice } from "./media_notice";
import type { Part } from "./part";
import { ended } from "./requests";
import type { Store } from "./store";

const MOST = 20; // earlier commands that are listed

/** The outcomes of the last command and of earlier ones, and notices of what the run did by itself. There is room for two from the beginning. */
export const commands: Part = (parent, store, link) => {
  const panel = add(parent, "div", "events");
  panel.tabIndex = 0;
  panel.setAttribute("role", "group");
  panel.setAttribute("aria-label", "What happened");
  const showCards = addCards(panel);
  const showNotice = addMediaNotice(panel, store);
  const none = add(panel, "p", "none muted", "What is asked of the run, and what it does by itself, is listed here.");
  const last = addLine(addCard(panel, "muted"), store, link);
  last.element.firstElementChild!.setAttribute("aria-live", "polite");
  const more = addButton(last.tools, "quiet more", "", () => {
    setAttribute(more, "aria-expanded", !isOpen());
    store.touch();
  });
  setAttribute(more, "aria-expanded", false);
  const list = addList(panel, store, link);
  const isOpen = () => more.getAttribute("aria-expanded") === "true";
  const hasChanged = changeDetector();

  return store.listen(() => {
    const isAnyCard = [showCards(store), showNotice()].includes(true);
    const { eventLog, isSteerable, state } = store;
    panel.hidden = !state || (ended(state) && !isAnyCard && !eventLog.count);
    panel.classList.toggle("roomy", isSteerable && !isOpen());
    none.hidden = isAnyCard || eventLog.count > 0;
    if (!hasChanged(eventLog.version, isSteerable, isOpen(), link.outstanding("undo"))) return;
    const [newest, ...earlier] = eventLog.recent(isOpen() ? 1 + MOST : 1);
    last.element.hidden = !newest;
    if (newest) last.show(newest);
    const before = eventLog.count - 1;
    more.hidden = before < 1;
    write(more, `earlier (${before})`);
    list(earlier, before - earlier.length);
  });
};

interface Line {
  element: HTMLElement;
  tools: HTMLElement;
  show(entry: CommandEntry): void;
}

/** A command: its time and outcome, and a button to undo it, if that is possible. */
function addLine(element: HTMLElement, store: Store, link: Link): Line {
  const words = element.firstElementChild as HTMLElement;
  const tools = add(element, "span", "group");
  const undo = addButton(tools, "quiet", "Undo", () => {
    if (id !== undefined && !isAsked(id) && store.isSteerable) link.send({ command: "undo", arguments: { id } });
  });
  const isAsked = (wanted: string) => link.outstanding("undo").some((args) => args.id === wanted);
  let id: string | undefined;

  const show = (entry: CommandEntry) => {
    const { event } = entry;
    id = event.id;
    element.dataset.tone = (event.status && TONES.get(event.status)) ?? "soft";
    write(words, new Mono(clock(event.time)), `\u2003${event.sentence ?? "A command"}`);
    const isKept = id !== undefined && store.eventLog.remedies.kept(id) !== undefined;
    const isOffered = event.undoable && event.status === "applied" && id !== undefined && !isKept;
    undo.hidden = !isOffered || isUndone(entry) || !store.isSteerable;
    setAttribute(undo, "aria-busy", id !== undefined && isAsked(id));
  };
  return { element, tools, show };
}

const TONES = new Map([
  ["applied", "good"],
  ["refused", "warn"],
  ["failed", "bad"],
]);

/** The lines of the commands before the last one. A line keeps its element when others are added, so that it keeps the focus. */
function addList(panel: HTMLElement, store: Store, link: Link): (entries: CommandEntry[], others: number) => void {
  const list = add(panel, "ul", "earlier");
  list.setAttribute("aria-label", "Earlier commands");
  list.setAttribute("role", "list");
  list.tabIndex = 0;
  const rest = document.createElement("li");
  rest.className = "muted rest";
  let lines = new Map<CommandEntry, Line>();

  return (entries, others) => {
    list.hidden = !entries.length;
    const before = lines;
    lines = new Map(entries.map((entry) => [entry, before.get(entry) ?? newLine(store, link)]));
    before.forEach(({ element }, entry) => lines.has(entry) || element.remove());
    let next = list.firstElementChild;
    lines.forEach(({ element, show }, entry) => {
      show(entry);
      if (element === next) next = element.nextElementSibling;
      else list.insertBefore(element, next);
    });
    if (others > 0 && entries.length) list.append(rest);
    else rest.remove();
    write(rest, `and ${others} before`);
  };
}

function newLine(store: Store, link: Link): Line {
  const element = document.createElement("li");
  element.className = "line";
  add(element, "p", "muted");
  return addLine(element, store, link);
}
