import { type EventLog, undoOf } from "./event_log";
import type { CommandEvent } from "./protocol";
import { type Asked, keyOf } from "./remedy_log";
import type { Store } from "./store";

/** What became of a remedy. */
export interface RemedyOutcome {
  status: "applied" | "kept" | "undone" | "refused" | "failed";
  /** The same for people to read. */
  text: string;
  /** Of the command that has applied it. */
  id?: string;
}

/** What became of a remedy that was asked for at a time or after it; undefined as long as nothing has. */
export function remedyOutcome(log: EventLog, remedy: Asked, time: number): RemedyOutcome | undefined {
  const entry = log.since(time, remedy.command, (given) => log.remedies.isApplication(remedy, given));
  const planning = log.since(time, "plan", (given) => isSame(given, remedy));
  const refused = planning && planning.order > (entry?.order ?? -1) ? notDone(planning.event) : undefined;
  if (refused) return refused;
  if (entry?.event.status !== "applied") return entry && notDone(entry.event);
  const { id, step } = entry.event;
  const undo = undoOf(entry)?.event;
  const kept = id === undefined ? undefined : log.remedies.kept(id);
  if (undo) return { status: "undone", text: `taken back at step ${undo.step}`, id };
  if (kept) return { status: "kept", text: `applied at step ${step}, kept at step ${kept.step}`, id };
  return { status: "applied", text: `applied at step ${step}`, id };
}

/** That a command was refused or has failed, if so. */
export function notDone({ status, reason }: CommandEvent): RemedyOutcome | undefined {
  if (status !== "refused" && status !== "failed") return undefined;
  return { status, text: `${status}${reason ? `: ${reason}` : ""}` };
}

function isSame(planned: Record<string, unknown>, remedy: Asked): boolean {
  const { remedy: command, arguments: given } = planned as { remedy?: string; arguments?: Record<string, unknown> };
  return command === remedy.command && keyOf({ command, arguments: given ?? {} }) === keyOf(remedy);
}

/** What a remedy waits for that is asked for now; empty if it comes at the next step. */
export function waitingText({ isSteerable, state }: Store): string {
  if (!isSteerable || !state?.validating) return "";
  return state.status === "paused" ? "waits for the end of the validation, which is paused" : "waits for the validation to end";
}
