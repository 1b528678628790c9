import { add, Mono, setAttribute, write } from "./dom";
import { addFailure } from "./failure";
import { clock, duration, percent } from "./format";
import { reading } from "./machine";
import type { Part } from "./part";
import { placeOf } from "./position";
import type { Parent, Route, State, Status } from "./protocol";
import type { Lost, Store } from "./store";

const WORDS: Record<Status, [word: string, tone: string]> = {
  running: ["training", "good"],
  paused: ["paused", "warn"],
  finished: ["finished", "good"],
  stopped: ["stopped", "soft"],
  failed: ["failed", "bad"],
  lost: ["lost", "bad"],
};

const LOST: Record<Lost, [word: string, tone: string]> = {
  closed: ["disconnected", "bad"],
  silent: ["no answer", "warn"],
};

const REACH: Record<Route, [words: string, how: string]> = {
  subshell: ["buttons work while the cell runs", "Clicks reach the kernel by a subshell, beside the cell that trains."],
  pump: ["buttons work while the cell runs", "Between two steps the training looks for clicks in the kernel’s queue (pump)."],
  comm: ["buttons work between two cells", "Clicks reach the kernel when no cell runs (comm)."],
  inbox: ["buttons reach the other process", "Clicks are left in the run’s folder (inbox), where the process that trains looks for them."],
};

/** What a run is called, how it stands and how far it is; if it failed, why. */
export const header: Part = (panel, store) => {
  const bar = add(panel, "header");
  const line = add(bar, "div", "line-of-header");
  const name = add(line, "b", "name", store.runName);
  name.title = store.runName;
  const pill = add(line, "span", "pill");
  pill.setAttribute("role", "status");
  pill.setAttribute("aria-live", "polite");
  const place = add(line, "span", "place muted");
  const [seen, whole, within] = ["", "key-whole", "key-epoch"].map((kind) => add(place, "span", kind));
  const left = add(line, "span", "muted left");
  const watched = add(line, "span", "muted watched");
  const origin = add(bar, "div", "muted origin");
  const showFailure = addFailure(panel);

  return store.listen(() => {
    const { state, lost } = store;
    pill.hidden = !state;
    if (state) {
      panel.dataset.status = state.status;
      const [word, tone] = lost ? LOST[lost] : WORDS[state.status];
      write(pill, word);
      pill.dataset.tone = tone;
      const [training, epoch] = placeOf(state);
      write(whole, ...training);
      write(within, ...epoch);
      within.hidden = !epoch.length; // a mark without words would stand there
      write(seen, lost && place.textContent ? "last seen in" : "");
      write(left, ...(lost ? [] : time(state)));
      showOrigin(origin, state.parent);
    }
    showReach(watched, store);
    showFailure(store);
  });
};

/** What watching costs, and whether a click arrives while it trains. */
function showReach(watched: HTMLElement, store: Store): void {
  const cost = reading(store, "watching") ?? NaN;
  const costs = Number.isFinite(cost) ? ["watching costs ", new Mono(percent(cost), 5)] : [];
  const [words, how] = store.route && store.isSteerable ? REACH[store.route] : [];
  write(watched, ...costs, costs.length && words ? " · " : "", words ?? "");
  setAttribute(watched, "title", [watched.textContent, how].filter(Boolean).join("\n"));
}

function time({ status, seconds_left: seconds, paused_since: since }: State): (string | Mono)[] {
  if (status === "paused" && since) return ["paused since ", new Mono(clock(since))];
  return status === "running" && typeof seconds === "number" ? [new Mono(duration(seconds)), " left"] : [];
}

function showOrigin(origin: HTMLElement, parent: Parent | null | undefined): void {
  if (!parent) {
    write(origin);
    return;
  }
  write(origin, `goes on from ${parent.name}, step `, new Mono(String(parent.step)));
  setAttribute(origin, "title", `checkpoint ${parent.checkpoint} of run ${parent.id}`);
}
