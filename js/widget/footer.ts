import { add, Mono, setAttribute, write } from "./dom";
import { gigabytes, oneLine, perSecond, truncate } from "./format";
import { reading } from "./machine";
import type { Part } from "./part";
import type { State } from "./protocol";
import { ratesOf } from "./rates";
import { ended } from "./requests";
import type { Store } from "./store";

type Phrase = (string | Mono)[];

const LONGEST = 20; // characters of a counter's name

/** Speed and load of the machine, now or over a run that has ended; each entry is shown if its value is known. */
export const footer: Part = (panel, store) => {
  const bar = add(panel, "footer");
  const spans = ENTRIES.map(() => add(bar, "span"));
  const folder = add(bar, "span", "right folder");

  return store.listen(() => {
    const { state } = store;
    bar.hidden = !state;
    if (!state) return;
    setAttribute(bar, "title", ended(state) ? "Means over the run; of memory, the most" : "");
    ENTRIES.forEach((entry, i) => {
      const phrase = entry(store, state);
      spans[i].hidden = !phrase.length;
      write(spans[i], ...phrase);
    });
    write(folder, "run ", new Mono(state.folder));
  });
};

const ENTRIES: ((store: Store, state: State) => Phrase)[] = [
  (_, { step }) => ["step ", new Mono(String(step), 5)],
  speed,
  (store) => counterRate(store, 0),
  (store) => counterRate(store, 1),
  (store) =>
    phraseFor(
      store,
      "data_wait",
      (share) => ["waiting for data ", new Mono(share, 5)],
      (share) => wholePercent(100 * share),
    ),
  gpu,
  (store) => phraseFor(store, "cpu", (share) => ["CPU ", new Mono(share, 6)], wholePercent),
  (store) =>
    phraseFor(
      store,
      "memory",
      (size) => ["memory ", new Mono(size, 8)],
      (bytes) => `${gigabytes(bytes)} GB`,
    ),
  (_, { reads_every: every }) => (every ? ["values read every ", new Mono(String(every)), " rows"] : []),
];

function speed(store: Store, state: State): Phrase {
  const isKnown = (name: string) => reading(store, name) !== undefined;
  const name = !isKnown("samples_per_second") && isKnown("steps_per_second") ? "steps" : "samples";
  return phraseFor(store, `${name}_per_second`, (value) => [`${meanOf(state)}${name}/s `, new Mono(value, 6)], perSecond);
}

const meanOf = (state: State | null): string => (ended(state) ? "mean " : "");

/** The speed of a metric that counts something, such as tokens. */
function counterRate(store: Store, which: number): Phrase {
  const rate = ratesOf(store)[which];
  return rate ? [`${meanOf(store.state)}${truncate(oneLine(rate.name), LONGEST)}/s `, new Mono(perSecond(rate.perSecond), 6)] : [];
}

function gpu(store: Store, { machine }: State): Phrase {
  if (!machine?.gpu && reading(store, "gpu") === undefined && reading(store, "gpu_memory") === undefined) return [];
  const total = machine?.gpu_memory ? ` / ${gigabytes(machine.gpu_memory)}` : "";
  const busy = phraseFor(store, "gpu", (share) => [new Mono(share, 4)], wholePercent);
  const memory = phraseFor(
    store,
    "gpu_memory",
    (size) => [new Mono(size, total.length + 7)],
    (bytes) => `${gigabytes(bytes)}${total} GB`,
  );
  return ["GPU ", ...busy, busy.length && memory.length ? " · " : "", ...memory];
}

/** While the run goes on, a value that is not known yet has its place. */
function phraseFor(store: Store, name: string, phrase: (value: string) => Phrase, text: (value: number) => string): Phrase {
  const value = reading(store, name);
  if (value !== undefined && Number.isFinite(value)) return phrase(text(value));
  return store.isSteerable ? phrase("–") : [];
}

const wholePercent = (value: number): string => `${Math.round(value)} %`;
