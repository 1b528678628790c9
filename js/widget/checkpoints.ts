import type { Mark } from "./marks";
import type { Checkpoint, State } from "./protocol";
import { short } from "./sentences";

/** Where the checkpoints that are kept lie, and what each is kept for. */
export const keptMarks = (state: State | null): Mark[] =>
  (state?.checkpoints ?? []).map(({ step, roles, tag, name }) => {
    return { step, label: [...roles, tag].filter(Boolean).join(", ") || name };
  });

/** Several may have been best in their time; the last of them still is. */
export const bestOf = (state: State | null): Checkpoint | undefined =>
  state?.checkpoints?.filter(({ roles }) => roles.includes("best")).pop();

/** What makes a checkpoint the best one. */
export const merit = ({ metric, value, step }: Checkpoint): string =>
  metric === null || value === null ? `step ${step}` : `${metric} ${short(value)} at step ${step}`;
