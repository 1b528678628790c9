import { add, Figure, write, type Part } from "./dom";
import { gigabytes, perSecond } from "./format";
import { reading } from "./metrics";
import type { State } from "./protocol";
import type { Store } from "./store";

type Phrase = (string | Figure)[];

/** How fast the machine gets on, and what it waits for: of it all, what is known. */
export const footer: Part = (panel, store) => {
  const bar = add(panel, "footer");
  const spans = ENTRIES.map(() => add(bar, "span"));
  const folder = add(bar, "span", "right folder");

  return store.listen(() => {
    const { state } = store;
    bar.hidden = !state;
    if (!state) return;
    ENTRIES.forEach((entry, i) => {
      const phrase = entry(store, state);
      spans[i].hidden = !phrase.length;
      write(spans[i], ...phrase);
    });
    write(folder, "run ", new Figure(state.folder));
  });
};

const ENTRIES: ((store: Store, state: State) => Phrase)[] = [
  (_, { step }) => ["step ", new Figure(String(step))],
  speed,
  (store) => told(store, "data_wait", (share) => ["waiting for data ", new Figure(wholePercent(100 * share), 4)]),
  gpu,
  (store) => told(store, "cpu", (share) => ["CPU ", new Figure(wholePercent(share), 5)]),
  (store) => told(store, "memory", (bytes) => ["memory ", new Figure(`${gigabytes(bytes)} GB`, 6)]),
  (_, { reads_every: every }) => (every ? ["values read every ", new Figure(String(every)), " rows"] : []),
];

function speed(store: Store): Phrase {
  const samples = told(store, "samples_per_second", (value) => ["samples/s ", new Figure(perSecond(value), 5)]);
  if (samples.length) return samples;
  return told(store, "steps_per_second", (value) => ["steps/s ", new Figure(perSecond(value), 5)]);
}

function gpu(store: Store, { machine }: State): Phrase {
  const busy = told(store, "gpu", (share) => [new Figure(wholePercent(share), 4)]);
  const total = machine?.gpu_memory ? ` / ${gigabytes(machine.gpu_memory)}` : "";
  const memory = told(store, "gpu_memory", (bytes) => [new Figure(`${gigabytes(bytes)}${total} GB`)]);
  if (!busy.length && !memory.length) return [];
  return ["GPU ", ...busy, busy.length && memory.length ? " · " : "", ...memory];
}

/** Nothing of what is not known. */
function told(store: Store, name: string, phrase: (value: number) => Phrase): Phrase {
  const value = reading(store, name);
  return value === undefined || !Number.isFinite(value) ? [] : phrase(value);
}

const wholePercent = (value: number): string => `${Math.round(value)} %`;
