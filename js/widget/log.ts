import { addCard, addCards } from "./cards";
import { add, addButton, Figure, mark, write, type Part } from "./dom";
import { clock } from "./format";
import { isUndone, type Entry } from "./ledger";
import type { Link } from "./link";
import { ended } from "./protocol";
import { sentence } from "./sentences";
import type { Store } from "./store";

const MOST = 20; // earlier commands that are listed

/** What became of the last command, and of those before it; and what the run did by itself. */
export const commands: Part = (panel, store, link) => {
  const showCards = addCards(panel);
  const last = addLine(addCard(panel, "muted"), store, link);
  last.element.firstElementChild!.setAttribute("aria-live", "polite");
  const more = addButton(last.tools, "quiet more", "", () => {
    mark(more, "aria-expanded", !isOpen());
    store.touch();
  });
  mark(more, "aria-expanded", false);
  const list = addList(panel, store, link);
  const isOpen = () => more.getAttribute("aria-expanded") === "true";
  let shown = "";

  return store.listen(() => {
    showCards(store);
    const { ledger, state } = store;
    const now = JSON.stringify([ledger.version, ended(state), isOpen(), link.outstanding("undo")]);
    if (now === shown) return;
    shown = now;
    const [newest, ...earlier] = ledger.recent(isOpen() ? 1 + MOST : 1);
    last.element.hidden = !newest;
    if (newest) last.show(newest);
    const before = ledger.count - 1;
    more.hidden = before < 1;
    write(more, `earlier (${before})`);
    list(earlier, before - earlier.length);
  });
};

interface Line {
  element: HTMLElement;
  tools: HTMLElement;
  show(entry: Entry): void;
}

/** A command: when, what became of it, and a button that takes it back, if that can be done. */
function addLine(element: HTMLElement, store: Store, link: Link): Line {
  const words = element.firstElementChild as HTMLElement;
  const tools = add(element, "span", "group");
  const undo = addButton(tools, "quiet", "Undo", () => {
    if (id !== undefined && !isAsked(id) && !ended(store.state)) link.send({ command: "undo", arguments: { id } });
  });
  const isAsked = (wanted: string) => link.outstanding("undo").some((how) => how.id === wanted);
  let id: string | undefined;

  const show = (entry: Entry) => {
    const { event, result } = entry;
    id = event.id;
    element.dataset.tone = (event.status && TONES.get(event.status)) ?? "soft";
    const of = store.ledger.find(event.arguments?.id)?.event;
    write(words, new Figure(clock(event.time)), `\u2003${sentence(event, of, result)}`);
    const isOffered = event.undoable && event.status === "applied" && id !== undefined;
    undo.hidden = !isOffered || isUndone(entry) || ended(store.state);
    mark(undo, "aria-busy", id !== undefined && isAsked(id));
  };
  return { element, tools, show };
}

const TONES = new Map([["applied", "good"], ["refused", "warn"], ["failed", "bad"]]);

/** The lines of the commands before the last one, each of which stays what and where it is while others come. */
function addList(panel: HTMLElement, store: Store, link: Link): (entries: Entry[], others: number) => void {
  const list = add(panel, "ul", "earlier");
  list.setAttribute("aria-label", "Earlier commands");
  list.setAttribute("role", "list");
  list.tabIndex = 0;
  const rest = document.createElement("li");
  rest.className = "muted rest";
  let lines = new Map<Entry, Line>();

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
