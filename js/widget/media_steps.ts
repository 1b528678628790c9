import type { MediaEvent } from "./protocol";

/** All steps at which something was shown, each once, in order. */
export function stepsOf(shown: Iterable<MediaEvent[]>): number[] {
  const steps = new Set<number>();
  for (const items of shown) for (const { step } of items) steps.add(step);
  return [...steps].sort((a, b) => a - b);
}

/** What was shown last at a step or before it; of several at one step the last one. */
export function itemAt(items: readonly MediaEvent[], step: number): MediaEvent | undefined {
  let found: MediaEvent | undefined;
  for (const item of items) if (item.step <= step && (!found || item.step >= found.step)) found = item;
  return found;
}

/** A place in a list of steps that grows; it stays at the end until a person goes back. */
export class Place {
  /** null: the newest. */
  private step: number | null = null;

  constructor(step: number | null = null) {
    this.step = step;
  }

  get isNewest(): boolean {
    return this.step === null;
  }

  /** The number of the step in the list: that of the last one before it, if it is gone. */
  index(steps: readonly number[]): number {
    const { step } = this;
    if (step === null) return steps.length - 1;
    const after = steps.findIndex((one) => one > step);
    return Math.max(0, (after < 0 ? steps.length : after) - 1);
  }

  at(steps: readonly number[]): number {
    return steps[this.index(steps)];
  }

  goTo(index: number, steps: readonly number[]): void {
    const inside = Math.min(steps.length - 1, Math.max(0, index));
    this.step = inside === steps.length - 1 ? null : steps[inside];
  }
}
