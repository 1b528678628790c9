import { Curve } from "./curve";
import type { Mark } from "./marks";
import { numberOf, type Event } from "./protocol";
import { markLabel, rollbackLabel } from "./sentences";

/** A command and what became of it. */
export interface Entry {
  /** The last that was heard of it. */
  event: Event;
  /** Where in the log that is. */
  at: number;
  /** How many commands were there before. */
  order: number;
  undoneBy?: Entry;
  /** What an evaluation found, or to which step a rollback went. */
  result?: Event;
}

/** What the events say. Each is looked at once, when it comes: a long training has thousands. */
export class Ledger {
  /** How many commands there were. */
  count = 0;
  marks: Mark[] = [];
  /** What was found by "Evaluate now", by metric. */
  evaluated = new Map<string, Curve>();
  earlyStop: Event | undefined;
  /** What became of the last one. */
  checkpoint: Event | undefined;
  /** The first one. */
  finding: Event | undefined;
  /** The last one. */
  budget: Event | undefined;
  private entries = new Map<string, Entry>();
  /** By event; a command is where it was heard of last. */
  private log: Entry[] = [];
  /** Told just before the command that led to them, by kind. */
  private results = new Map<unknown, Event>();

  /** The version changes whenever something became known. */
  constructor(public version = 0) {}

  take(events: Event[]): void {
    events.forEach((event) => this.hear(event));
    if (events.length) this.version++;
  }

  /** The last commands, newest first. */
  recent(most: number): Entry[] {
    const recent: Entry[] = [];
    for (let i = this.log.length - 1; i >= 0 && recent.length < most; i--) {
      if (this.log[i].at === i) recent.push(this.log[i]);
    }
    return recent;
  }

  find(id: string | undefined): Entry | undefined {
    return id === undefined ? undefined : this.entries.get(id);
  }

  /** Whether it is known what became of a command. */
  isSettled(id: string): boolean {
    const status = this.entries.get(id)?.event.status;
    return status !== undefined && status !== "requested";
  }

  private hear(event: Event): void {
    if (event.event === "command") this.hearCommand(event);
    else if (event.event === "validation" && event.status === "evaluated") this.hearEvaluation(event);
    else if (event.event === "early_stop") this.hearEarlyStop(event);
    else if (event.event === "rollback") this.hearRollback(event);
    else if (event.event === "resume") this.marks.push({ step: event.step, label: "resumed" });
    else if (event.event === "checkpoint") this.checkpoint = event;
    else if (event.event === "budget") this.budget = event;
    else if (event.finding === "non_finite_gradient") this.finding ??= event;
  }

  private hearCommand(event: Event): void {
    const known = this.find(event.id);
    const entry = known ?? { event, at: 0, order: this.count++ };
    if (!known && event.id !== undefined) this.entries.set(event.id, entry);
    const wasApplied = known?.event.status === "applied";
    entry.event = event;
    entry.at = this.log.push(entry) - 1;
    if (event.status === "applied" && !wasApplied) this.obeyed(entry);
  }

  private obeyed(entry: Entry): void {
    const { event } = entry;
    const target = event.command === "undo" ? this.find(event.arguments?.id) : undefined;
    const label = markLabel(event, target?.event);
    if (label) this.marks.push({ step: event.step, label });
    const kind = RESULTS.get(event.command);
    entry.result = this.results.get(kind);
    this.results.delete(kind);
    // Only what came before can be taken back, so there are no circles.
    if (target && target.order < entry.order) target.undoneBy = entry;
  }

  private hearRollback(event: Event): void {
    this.results.set(event.event, event);
    this.marks.push({ step: event.step, label: rollbackLabel(event) });
  }

  private hearEvaluation(event: Event): void {
    const { step, metrics } = event;
    this.results.set(event.event, event);
    for (const [name, value] of Object.entries(metrics ?? {})) {
      const curve = this.evaluated.get(name) ?? new Curve(name);
      this.evaluated.set(name, curve);
      curve.push(step, numberOf(value));
    }
  }

  private hearEarlyStop(event: Event): void {
    this.earlyStop = event;
    if (event.status === "taken_back") this.marks = this.marks.filter(({ label, isFaint }) => label !== "early stop" || isFaint);
    else this.marks.push({ step: event.step, label: "early stop", isFaint: event.status === "would_stop" });
  }
}

/** Which event tells what a command led to. */
const RESULTS = new Map<unknown, string>([["evaluate", "validation"], ["rollback", "rollback"]]);

/** Whether a command was taken back, and that was not taken back in turn. */
export function isUndone({ undoneBy }: Entry): boolean {
  let undone = false;
  for (let by = undoneBy; by; by = by.undoneBy) undone = !undone;
  return undone;
}
