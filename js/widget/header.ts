import { add, Figure, mark, write, type Part } from "./dom";
import { clock, duration, percent } from "./format";
import { reading } from "./metrics";
import { ended, type Parent, type State, type Status } from "./protocol";
import type { Store } from "./store";

const WORDS: Record<Status, [word: string, tone: string]> = {
  running: ["training", "good"],
  paused: ["paused", "warn"],
  finished: ["finished", "good"],
  stopped: ["stopped", "soft"],
  failed: ["failed", "bad"],
  lost: ["lost", "bad"],
};

export const header: Part = (panel, store) => {
  const bar = add(panel, "header");
  const name = add(bar, "b", "name", store.runName);
  name.title = store.runName;
  const pill = add(bar, "span", "pill");
  pill.setAttribute("role", "status");
  pill.setAttribute("aria-live", "polite");
  const where = add(bar, "span", "muted");
  const left = add(bar, "span", "muted");
  const origin = add(bar, "span", "muted origin");
  const watching = add(bar, "span", "muted right");

  return store.listen(() => {
    const { state } = store;
    pill.hidden = !state;
    if (state) {
      const [word, tone] = WORDS[state.status];
      write(pill, word);
      pill.dataset.tone = tone;
      write(where, ...position(state));
      write(left, ...time(state));
      showOrigin(origin, state.parent);
    }
    write(watching, ...watch(store));
  });
};

function position(state: State): (string | Figure)[] {
  const phrase: (string | Figure)[] = [];
  if (state.epoch !== null) phrase.push("epoch ", ...count(state.epoch + 1, state.epochs));
  if (state.batch > 0) phrase.push(phrase.length ? " · batch " : "batch ", ...count(state.batch, state.batches));
  if (state.validating) phrase.push(phrase.length ? " · validating" : "validating");
  return phrase;
}

function count(now: number, total: number | null): (string | Figure)[] {
  if (total === null) return [new Figure(String(now))];
  return [new Figure(String(now), String(total).length), " of ", new Figure(String(total))];
}

function watch(store: Store): (string | Figure)[] {
  const cost = reading(store, "watching") ?? NaN;
  const costs = Number.isFinite(cost) ? ["watching costs ", new Figure(percent(cost), 5)] : [];
  const live = store.route && !ended(store.state) ? [`controls live by ${store.route}`] : [];
  return costs.length && live.length ? [...costs, " · ", ...live] : [...costs, ...live];
}

function time({ status, seconds_left: seconds, paused_since: since }: State): (string | Figure)[] {
  if (status === "paused" && since) return ["paused since ", new Figure(clock(since))];
  return status === "running" && seconds !== null ? [new Figure(duration(seconds)), " left"] : [];
}

function showOrigin(origin: HTMLElement, parent: Parent | null | undefined): void {
  if (!parent) return write(origin);
  write(origin, `goes on from ${parent.name}, step `, new Figure(String(parent.step)));
  mark(origin, "title", `checkpoint ${parent.checkpoint} of run ${parent.id}`);
}
