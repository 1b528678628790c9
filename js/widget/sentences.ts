import { rate } from "./format";
import { numberOf, type Arguments, type Event } from "./protocol";

type Phrase = (how: Arguments) => string;

/** What became of a command. `of` is the command that an undo takes back, `result` tells what an evaluation or a rollback led to. */
export function sentence(event: Event, of?: Event, result?: Event): string {
  const { command, status, step, reason } = event;
  const asked = `${command === "undo" ? undoing(status, of) : nameOf(event)}${event.by ? ` by ${event.by}` : ""}`;
  if (status === "refused" || status === "failed") return `${asked}, ${status}${reason ? `: ${reason}` : "."}`;
  if (status !== "applied") return `${asked}, requested.`;
  if (command === "evaluate") return `${asked} at step ${step}${found(result)}.`;
  if (command === "checkpoint") return `${asked}, saved at step ${step}.`;
  if (REMARKS.has(command)) return `${asked} at step ${step}.`;
  return `${asked}, in force at step ${step}${result?.to_step === undefined ? "" : `: weights of step ${result.to_step}`}.`;
}

function found(result: Event | undefined): string {
  const metrics = Object.entries(result?.metrics ?? {}).map(([name, value]) => `${name} ${short(numberOf(value))}`);
  return metrics.length ? `: ${metrics.join(", ")}` : "";
}

/** Why patience was over. */
export function patience({ metric, best, best_step, waited }: Event): string {
  const checks = waited === 1 ? "1 check" : `${waited} checks`;
  if (typeof best !== "number") return `no finite ${metric} for ${checks}.`;
  return `${metric} no better than ${short(best)} (step ${best_step}) for ${checks}.`;
}

/** What stands beside the upright of a command in a plot; nothing where there is none. */
export function markLabel({ command, arguments: how }: Event, of?: Event): string {
  // A rollback that is undone is told by an event of its own too: the same words at the same step are drawn once.
  if (command === "undo" && of?.command === "rollback") return UNDONE;
  const label = LABELS.get(command);
  return label ? label(how ?? {}) : (command ?? "");
}

/** The same for weights that are those of another step again, be it by a command or not. */
export const rollbackLabel = ({ to, to_step }: Event): string => (to === "undo" ? UNDONE : `back to ${to_step}`);

const UNDONE = "rollback undone";

/** Four digits, without zeros that say nothing. */
export const short = (value: unknown): string =>
  typeof value === "number" ? String(Number(value.toPrecision(4))) : String(value);

const LABELS = new Map<unknown, Phrase>([
  ["stop", ({ when }) => (when === "epoch" ? "stop after epoch" : "stop")],
  ["pause", () => "paused"],
  ["scale_lr", ({ factor }) => `lr ${partOf(factor) ?? `×${times(factor)}`}`],
  ["undo", () => "undo"],
  // The first is seen by the rate, the next three by their results; early stopping changes nothing yet, and remarks never do.
  ["resume", () => ""],
  ["evaluate", () => ""],
  ["checkpoint", () => ""],
  ["rollback", () => ""],
  ["early_stop", () => ""],
  ["tag", () => ""],
  ["untag", () => ""],
  ["note", () => ""],
]);

/** What is said of a run, and changes nothing in it. */
const REMARKS = new Set<unknown>(["tag", "untag", "note"]);

const NAMES = new Map<unknown, Phrase>([
  ["stop", ({ when }) => (when === "epoch" ? "Stop after epoch" : "Stop now")],
  ["pause", () => "Pause"],
  ["resume", () => "Resume"],
  ["evaluate", () => "Evaluate now"],
  ["scale_lr", ({ factor }) => `Learning rate ${SCALED.get(factor) ?? `scaled by ${times(factor)}`}`],
  ["early_stop", earlyStopping],
  ["checkpoint", ({ tag }) => (tag ? `Checkpoint ${tag}` : "Checkpoint")],
  ["rollback", ({ to }) => (to ? `Roll back to ${to}` : "Roll back")],
  ["undo", () => "Undo"],
  ["tag", ({ tags }) => `Tag ${tags}`],
  ["untag", ({ tags }) => `Untag ${tags}`],
  ["note", ({ text }) => `Note “${brief(text)}”`],
]);

/** The beginning of a text: a line in the list of commands is not for reading. */
const brief = (text: unknown): string => String(text).replace(/^(.{60}).+$/s, "$1…");

/** A tenth is ÷10, but three tenths are ×0.3. */
function partOf(factor: unknown): string | undefined {
  if (typeof factor !== "number" || factor < 1e-3 || factor >= 1) return undefined;
  const parts = Math.round(1 / factor);
  return Math.abs(factor * parts - 1) < 1e-9 ? `÷${parts}` : undefined;
}

const SCALED = new Map<unknown, string>([[0.5, "halved"], [2, "doubled"]]);

function nameOf({ command, arguments: how }: Event): string {
  const name = NAMES.get(command);
  return name ? name(how ?? {}) : (command ?? "A command");
}

function undoing(status: Event["status"], of: Event | undefined): string {
  if (!of) return "Undo";
  const name = nameOf(of);
  return `${status === "applied" ? "Undone" : "Undo"}: ${name.charAt(0).toLowerCase()}${name.slice(1)}`;
}

function earlyStopping({ on, ...settings }: Arguments): string {
  const changed = Object.entries(settings).map(([name, value]) => `${name.replace(/_/g, " ")} ${setting(value)}`);
  return `Early stopping${on === undefined ? "" : ` ${on ? "on" : "off"}`}${changed.length ? `: ${changed.join(", ")}` : ""}`;
}

const setting = (value: unknown): string => (typeof value === "boolean" ? (value ? "on" : "off") : short(value));

const times = (factor: unknown): string => (typeof factor === "number" ? rate(factor) : String(factor));
