import { bestOf, scoreOf } from "./checkpoints";
import { add, addButton, setAttribute, write } from "./dom";
import type { Link } from "./link";
import type { State } from "./protocol";
import { ended } from "./requests";
import type { Store } from "./store";

/** Lines of Python, each for one thing that can be done with a run that is over. `run` is its path as Python writes it. */
const LINES: [text: string, does: string, line: (run: string, path: string) => string][] = [
  ["compare", "sets it beside the other runs in its folder", (_, path) => `compare(dir=${JSON.stringify(parentOf(path))})`],
  ["resume", "goes on from its last checkpoint", (run) => `watch(model, optimizer, resume=${run})`],
  ["export", "saves what was logged as CSV", (run) => `open_run(${run}).frame().to_csv("run.csv")`],
  ["reopen", "shows this panel in any notebook", (run) => `open_run(${run}).panel()`],
  ["folder", "is where its files lie", (_, path) => path],
];
const parentOf = (path: string): string => path.replace(/[\\/]?[^\\/]+$/, "") || ".";

const LONGEST = { note: 10_000, tag: 64 }; // characters

/** Returns what became of it, in words. The line is shown, too: a page without a secure connection has no clipboard. */
async function copy(line: string): Promise<string> {
  try {
    await navigator.clipboard.writeText(line);
    return "copied";
  } catch {
    return "copy it from here";
  }
}

/** What can still be done with a run that is over: lines to copy, a note and tags. */
export function addEnd(panel: HTMLElement, link: Link): (store: Store) => void {
  const bar = add(panel, "div", "controls end");
  const best = add(bar, "span", "muted");
  const showCopies = addCopies(bar);
  const showNote = addNote(bar, link);

  return ({ state }) => {
    bar.hidden = !state || !ended(state);
    if (!state || bar.hidden) return;
    const kept = bestOf(state);
    write(best, kept ? `best: ${scoreOf(kept)}` : "");
    showCopies(state);
    showNote(state);
  };
}

function addCopies(bar: HTMLElement): (state: State) => void {
  const group = add(bar, "span", "group");
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", "Copy a line of Python");
  add(group, "span", "muted", "copy the line to");
  const said = document.createElement("code");
  said.className = "said";
  said.setAttribute("role", "status");
  let path = "";
  const buttons = LINES.map(([text, does, line]) => {
    const button = addButton(group, "", text, async () => {
      const copied = line(JSON.stringify(path), path);
      write(said, copied);
      said.dataset.copied = await copy(copied);
    });
    return { button, title: () => `${line(JSON.stringify(path), path)}\n${does}` };
  });
  bar.append(said);

  return (state) => {
    path = state.path ?? state.folder;
    buttons.forEach(({ button, title }) => setAttribute(button, "title", title()));
    buttons[1].button.hidden = !state.checkpoints?.length;
  };
}

/** One field for both: a remark, or a word to find the run by. */
function addNote(bar: HTMLElement, link: Link): (state: State) => void {
  const form = add(bar, "form", "group");
  const tags = add(form, "span", "muted");
  const field = add(form, "input", "remark");
  Object.assign(field, { type: "text", placeholder: "a note or a tag", maxLength: LONGEST.note });
  field.setAttribute("aria-label", "Note or tag");
  const done = add(form, "span", "muted");
  done.setAttribute("role", "status");
  let asked: keyof typeof LONGEST | undefined;
  const put = (kind: "note" | "tag") => {
    const text = field.value.trim();
    if (!text) return field.focus();
    if (text.length > LONGEST[kind]) return write(done, `a ${kind} has up to ${LONGEST[kind]} characters`);
    asked = kind;
    field.value = "";
    if (kind === "note") link.send({ command: "note", arguments: { text } });
    else link.send({ command: "tag", arguments: { tags: [text] } });
  };
  add(form, "button", "", "Add note");
  addButton(form, "", "Add tag", () => put("tag"));
  form.append(done);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    put("note");
  });
  field.addEventListener("input", () => {
    asked = undefined;
    write(done);
  });

  return (state) => {
    write(tags, state.tags?.length ? `tags: ${state.tags.join(", ")}` : "");
    if (asked) write(done, link.isOutstanding(asked) ? (link.unanswered ? "no answer yet" : "…") : `${asked} is kept`);
  };
}
