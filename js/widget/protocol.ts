/** What travels between the kernel and a view; the Python half is `trainbook/widget`. */

export type Status = "running" | "paused" | "finished" | "stopped" | "failed" | "lost";

export interface State {
  status: Status;
  step: number;
  /** Counted from 0; null for loops without epochs. */
  epoch: number | null;
  epochs: number | null;
  /** Counted from 1 within the epoch. */
  batch: number;
  batches: number | null;
  validating: boolean;
  seconds_left: number | null;
  /** The name of the run's folder. */
  folder: string;
  reason: string | null;
}

export type When = "step" | "epoch";

export interface Event {
  /** Unix seconds. */
  time: number;
  step: number;
  event: string;
  id?: string;
  command?: string;
  arguments?: { when?: When };
  status?: "requested" | "applied" | "refused" | "failed";
  by?: string;
  reason?: string;
}

export interface TableHeader {
  key: string;
  stream: "train" | "valid";
  /** The first is `_step`. */
  columns: string[];
  start: number;
  count: number;
}

export interface Update {
  kind: "update";
  state?: State;
  events?: { start: number; rows: Event[] };
  tables: TableHeader[];
  acknowledged: string[];
  route: "subshell" | "pump" | "comm" | null;
}

export type Command = { command: "snapshot" } | { command: "stop"; arguments: { when: When } };

export interface Traits {
  parts: string[];
  run_id: string;
  run_name: string;
}

export const ended = (state: State | null): boolean =>
  state !== null && state.status !== "running" && state.status !== "paused";
