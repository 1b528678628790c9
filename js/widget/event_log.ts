import type { Annotation } from "./annotations";
import { Curve } from "./curve";
import { FindingLog } from "./finding_log";
import type {
  BudgetEvent,
  CheckpointEvent,
  CommandEvent,
  EarlyStopEvent,
  Event,
  FindingEvent,
  MediaEvent,
  Metric,
  StatusEvent,
  ValidationEvent,
} from "./protocol";
import { Mean } from "./reduction";
import { RemedyLog } from "./remedy_log";
import type { Pause } from "./training_time";

/** A command and its outcome. */
export interface CommandEntry {
  /** The newest event about it. */
  event: CommandEvent;
  /** The position of that event in the log. */
  index: number;
  /** The number of commands before it. */
  order: number;
  undoneBy?: CommandEntry;
}

/** The run's events, kept as the panel needs them. Each is read once, when it arrives: a long training has thousands. */
export class EventLog {
  /** The number of commands. */
  count = 0;
  annotations: Annotation[] = [];
  /** The results of "Evaluate now", by metric. */
  evaluated = new Map<string, Curve>();
  /** The last one, as are `checkpoint` and `budget`. */
  earlyStop: EarlyStopEvent | undefined;
  checkpoint: CheckpointEvent | undefined;
  budget: BudgetEvent | undefined;
  /** What was shown, by its name, oldest first. */
  media = new Map<string, MediaEvent[]>();
  findings = new FindingLog();
  remedies = new RemedyLog();
  /** What older versions tell of a layer whose gradients are not finite: the first one. */
  badGradient: FindingEvent | undefined;
  pauses: Pause[] = [];
  /** By the id of the command. */
  private entries = new Map<string, CommandEntry>();
  /** The entry of every event about a command, so an entry may be in it several times. */
  private log: CommandEntry[] = [];

  /** The version changes with every new event. */
  constructor(public version = 0) {}

  append(events: Event[]): void {
    events.forEach((event) => this.add(event));
    if (events.length) this.version++;
  }

  /** The last commands, newest first. */
  recent(most: number): CommandEntry[] {
    const recent: CommandEntry[] = [];
    for (let i = this.log.length - 1; i >= 0 && recent.length < most; i--) {
      if (this.log[i].index === i) recent.push(this.log[i]);
    }
    return recent;
  }

  command(id: string | undefined): CommandEntry | undefined {
    return id === undefined ? undefined : this.entries.get(id);
  }

  /** The newest entry about a command that was given with arguments as they are wanted, at a time or after it. */
  since(time: number, command: string, isWanted: (given: Record<string, unknown>) => boolean): CommandEntry | undefined {
    for (let i = this.log.length - 1; i >= 0 && this.log[i].event.time >= time; i--) {
      const { event } = this.log[i];
      if (event.command === command && isWanted(event.arguments ?? {})) return this.log[i];
    }
    return undefined;
  }

  /** Whether the outcome of a command is known. */
  isSettled(id: string): boolean {
    const status = this.entries.get(id)?.event.status;
    return status !== undefined && status !== "requested";
  }

  /** Events of a kind that is not listed here are ignored. */
  private add(event: Event): void {
    if (event.event === "command") this.addCommand(event);
    else if (event.event === "early_stop") this.addEarlyStop(event);
    else if (event.event === "validation" && event.status === "evaluated") this.addEvaluation(event);
    else if (event.event === "rollback" || event.event === "resume") this.annotate(event);
    else if (event.event === "status") this.addStatus(event);
    else if (event.event === "checkpoint") this.checkpoint = event;
    else if (event.event === "budget") this.budget = event;
    else if (event.event === "finding") this.addFinding(event);
    else if (event.event === "plan") this.remedies.addPlan(event);
    else if (event.event === "trial") this.remedies.addTrial(event);
    else if (event.event === "media" && event.name !== undefined && event.kind !== undefined) this.addMedia(event, event.name);
  }

  private addFinding(event: FindingEvent): void {
    this.findings.add(event);
    if (event.status === undefined) this.badGradient ??= event;
  }

  private addMedia(event: MediaEvent, name: string): void {
    const shown = this.media.get(name) ?? [];
    this.media.set(name, shown);
    shown.push(event);
  }

  private addCommand(event: CommandEvent): void {
    const known = this.command(event.id);
    const entry = known ?? { event, index: 0, order: this.count++ };
    if (!known && event.id !== undefined) this.entries.set(event.id, entry);
    const wasApplied = known?.event.status === "applied";
    entry.event = event;
    entry.index = this.log.push(entry) - 1;
    if (event.status === "applied" && !wasApplied) this.onApplied(entry);
  }

  private onApplied(entry: CommandEntry): void {
    const { event } = entry;
    this.annotate(event);
    const target = event.command === "undo" ? this.command(targetOf(event)) : undefined;
    // Only an earlier command can be undone, so there are no cycles.
    if (target && target.order < entry.order) target.undoneBy = entry;
  }

  private annotate({ step, label, sentence }: Event): void {
    if (label) this.annotations.push({ step, label, sentence });
  }

  private addEvaluation({ step, metrics }: ValidationEvent): void {
    for (const [name, value] of Object.entries(metrics ?? {})) {
      const curve = this.evaluated.get(name) ?? new Curve(name, new Mean());
      this.evaluated.set(name, curve);
      curve.push(step, numberOf(value));
    }
  }

  /** A pause ends when the run stands otherwise. */
  private addStatus({ status, time }: StatusEvent): void {
    const last = this.pauses[this.pauses.length - 1];
    if (last) last[1] = Math.min(last[1], time);
    if (status === "paused") this.pauses.push([time, Infinity]);
  }

  private addEarlyStop(event: EarlyStopEvent): void {
    const { step, label, sentence, status } = event;
    this.earlyStop = event;
    if (status === "taken_back") this.annotations = this.annotations.filter((one) => !one.isEarlyStop);
    else if (label) this.annotations.push({ step, label, sentence, isFaint: status === "would_stop", isEarlyStop: status === "stopped" });
  }
}

/** The id of the command that an undo takes back. */
const targetOf = ({ arguments: given }: CommandEvent): string | undefined => (typeof given?.id === "string" ? given.id : undefined);

const NON_FINITE = new Map([
  ["nan", NaN],
  ["inf", Infinity],
  ["-inf", -Infinity],
]);

const numberOf = (value: Metric): number => (typeof value === "number" ? value : NON_FINITE.get(value)!);

/** What has undone a command, unless that was undone in turn. */
export function undoOf({ undoneBy }: CommandEntry): CommandEntry | undefined {
  return undoneBy && !isUndone(undoneBy) ? undoneBy : undefined;
}

/** Whether a command was undone, and the undo was not undone in turn. */
export const isUndone = (entry: CommandEntry): boolean => undoOf(entry) !== undefined;
