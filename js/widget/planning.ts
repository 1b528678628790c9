import type { Link } from "./link";
import type { PlanEvent } from "./protocol";
import type { Asked } from "./remedy_log";
import type { Store } from "./store";

/** From a remedy to its plan, and from there to its command: what was asked for here, and what has come of it. */
export class Planning {
  /** How many plans of this remedy there were when one was asked for; undefined if none is wanted. */
  private before: number | undefined;
  /** The plan that is carried out. */
  private chosen: PlanEvent | undefined;

  constructor(
    private remedy: Asked,
    private store: Store,
    private link: Link,
  ) {}

  /** Whether the run tells beforehand what the remedy will change. */
  get isOffered(): boolean {
    return this.store.state?.remedies?.includes(this.remedy.command) ?? false;
  }

  /** Whether a plan is wanted and has not come. */
  get isWaiting(): boolean {
    return this.before !== undefined && this.plan === undefined;
  }

  get isApplying(): boolean {
    return this.chosen !== undefined;
  }

  /** The plan to look at. */
  get plan(): PlanEvent | undefined {
    return this.chosen ?? (this.before === undefined ? undefined : this.known.slice(this.before).pop());
  }

  ask(): void {
    if (this.before !== undefined || !this.store.isSteerable) return;
    this.before = this.known.length;
    if (!this.link.isAsked("plan", this.question)) this.link.send({ command: "plan", arguments: this.question });
    this.store.touch();
  }

  apply(): void {
    if (!this.plan || this.chosen || !this.store.isSteerable) return;
    this.chosen = this.plan;
    this.link.send(this.request);
  }

  /** What is carried out already can't be cancelled. */
  cancel(): void {
    if (this.chosen) return;
    this.before = undefined;
    this.store.touch();
  }

  /** Closes a plan that was carried out, that was refused, or that nothing can come of any more. */
  settle(): void {
    const { link, store } = this;
    const isOpen = this.chosen
      ? link.isAsked(this.request.command, this.request.arguments)
      : this.plan || link.isAsked("plan", this.question);
    if (isOpen && store.isSteerable) return;
    this.before = undefined;
    this.chosen = undefined;
  }

  private get known(): readonly PlanEvent[] {
    return this.store.eventLog.remedies.plansOf(this.remedy);
  }

  private get question() {
    return { remedy: this.remedy.command, arguments: this.remedy.arguments };
  }

  private get request() {
    return { command: this.remedy.command, arguments: this.chosen?.arguments ?? this.remedy.arguments };
  }
}
