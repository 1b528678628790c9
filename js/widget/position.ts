import { Mono } from "./dom";
import type { State } from "./protocol";

type Phrase = (string | Mono)[];

/** Whether the training goes through epochs, as far as is known. */
export const hasEpochs = ({ epoch }: State): boolean => typeof epoch === "number";

/** Whether a loop has begun that has no epochs. Before the first loop nothing is known. */
export const isWithoutEpochs = (state: State): boolean => !hasEpochs(state) && (state.step > 0 || typeof state.began === "number");

/** How far the whole training is, and how far the epoch within it, in words. A loop without epochs is the whole. */
export function placeOf(state: State): [whole: Phrase, within: Phrase] {
  const { epoch, epochs, batch, batches, unit, validating } = state;
  const counted: Phrase = batch ? [`${unit ?? "batch"} `, ...count(batch, batches)] : [];
  const inner: Phrase = validating ? [...counted, counted.length ? " · validating" : "validating"] : counted;
  return typeof epoch === "number" ? [["epoch ", ...count(epoch + 1, epochs)], inner] : [inner, []];
}

function count(now: number, total: number | null | undefined): Phrase {
  if (typeof total !== "number") return [new Mono(String(now))];
  return [new Mono(String(now), String(total).length), " of ", new Mono(String(total))];
}
