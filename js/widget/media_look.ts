import type { Mark } from "./looked";
import { Place, stepsOf } from "./media_steps";
import type { MediaEvent } from "./protocol";

type Shown = ReadonlyMap<string, MediaEvent[]>;

/** How a person looks at what was shown: at which step of it, and beside which other one. Plots mark these steps, and a click in a plot can choose one. */
export class MediaLook {
  /** The name of what is large. */
  large: string | null = null;
  readonly place = new Place();
  /** Another step to compare with. */
  readonly other = new Place();
  isCompared = false;
  /** Whether the slider is in use: its step is marked then, even if it is the newest. */
  isHeld = false;
  /** Whether anything of it can be seen. */
  isSeen = false;

  /** The steps that there are to look at. */
  steps(shown: Shown): number[] {
    const own = this.large === null ? undefined : shown.get(this.large);
    return stepsOf(own ? [own] : shown.values());
  }

  /** The steps that are looked at; none while these are just what came last. */
  marks(shown: Shown): Mark[] {
    const { place, other, isCompared, isHeld, isSeen } = this;
    const isOld = isCompared || isHeld || !place.isNewest;
    if (!isSeen || !isOld) return [];
    const steps = this.steps(shown);
    if (!steps.length) return [];
    const now = { step: place.at(steps), label: isCompared ? "B" : "media" };
    return isCompared ? [{ step: other.at(steps), label: "A" }, now] : [now];
  }

  /** Looks at what had been shown by a step; returns false where nothing is seen of it. */
  goTo(step: number, shown: Shown): boolean {
    if (!this.isSeen) return false;
    const steps = this.steps(shown);
    this.place.goTo(new Place(step).index(steps), steps);
    return true;
  }

  enlarge(name: string | null, shown: Shown): void {
    this.large = name;
    this.compare(false, shown);
  }

  /** What is seen now becomes A, beside the newest; if it is the newest itself, A is the first one. */
  compare(isCompared: boolean, shown: Shown): void {
    this.isCompared = isCompared && this.large !== null;
    if (!this.isCompared) return;
    const steps = this.steps(shown);
    this.other.goTo(this.place.isNewest ? 0 : this.place.index(steps), steps);
    this.place.goTo(Infinity, steps);
  }
}
