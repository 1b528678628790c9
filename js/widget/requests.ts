import type { Arguments, EarlyStop, State, ViewMessage } from "./protocol";

/** A command that every run knows. */
export type Request = { [Command in keyof Arguments]: { command: Command; arguments: Arguments[Command] } }[keyof Arguments];

/** A command of another package. */
export type RegisteredRequest = { command: string; arguments: Record<string, never> };

/** What helps against a finding: a command of any kind. */
export type RemedyRequest = { command: string; arguments: Record<string, unknown> };

/** Arguments as a text that does not depend on the order of their names, also of those within. */
export const argumentsText = (given: object): string => JSON.stringify(given, (_, value) => (isRecord(value) ? inOrder(value) : value));

const isRecord = (value: unknown): value is object => typeof value === "object" && value !== null && !Array.isArray(value);
const inOrder = (record: object): object => Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Something that is put on a run, also on one that is over. */
export type Amendment =
  | { command: "mute"; arguments: { finding: string; where: string; on: boolean } }
  | { command: "note"; arguments: { text: string } }
  | { command: "tag"; arguments: { tags: string[] } };

export type EarlyStopSettings = Omit<EarlyStop, "best" | "best_step" | "waited" | "would_stop">;

/** A message to the kernel. */
export type Message = ViewMessage | Request | RegisteredRequest | RemedyRequest | Amendment;

/** Whether a message is no command for the run. */
export const isViewMessage = (command: string): boolean => command === "snapshot" || command === "hello" || command === "media";

/** Whether a message is dealt with as soon as it is acknowledged: it needs no step of the training. */
export const isDoneAtOnce = (command: string): boolean => isViewMessage(command) || ["note", "tag", "mute"].includes(command);

/** Whether a run obeys no commands any more. */
export const ended = (state: State | null): boolean => state !== null && state.status !== "running" && state.status !== "paused";
