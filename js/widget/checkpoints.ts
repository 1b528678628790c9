import type { Annotation } from "./annotations";
import { short } from "./format";
import type { Checkpoint, State } from "./protocol";

/** The checkpoints on disk, labelled by their roles and tags. */
export const checkpointAnnotations = (state: State | null): Annotation[] =>
  (state?.checkpoints ?? []).map(({ step, roles, tag, name }) => {
    return { step, label: [...roles, tag].filter(Boolean).join(", ") || name };
  });

/** The last one with the role "best": the older ones were best before it. */
export const bestOf = (state: State | null): Checkpoint | undefined =>
  state?.checkpoints?.filter(({ roles }) => roles.includes("best")).pop();

/** The value that a checkpoint was judged by, and its step. */
export const scoreOf = ({ metric, value, step }: Checkpoint): string =>
  typeof metric !== "string" || typeof value !== "number" ? `step ${step}` : `${metric} ${short(value)} at step ${step}`;
