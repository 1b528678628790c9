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
  /** Gradients are measured every so many steps; null if they are not. Older runs do not say. */
  gradients_every?: number | null;
  /** Values are read every so many steps, where reading one means waiting for the device; else null. */
  reads_every?: number | null;
  machine: Machine | null;
}

export interface Machine {
  cpus: number;
  /** Bytes. */
  memory: number;
  gpu: string | null;
  gpu_memory: number | null;
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
  /** Of a finding: which one, and where it was made. */
  finding?: "non_finite_gradient";
  layer?: string;
  value?: "nan" | "inf";
  layers?: number;
  /** Of a budget: gradients are measured every so many steps, since each time costs this share of a step. */
  every?: number;
  share?: number;
}

export interface TableHeader {
  key: string;
  stream: "train" | "valid" | "gradients" | "system";
  /** The first is `_step`. */
  columns: string[];
  /** By column: 0 is a number a row, as float64; more is that many layers a row, as float32. */
  widths: number[];
  /** In rows of the record. */
  start: number;
  count: number;
  /** How many rows of the record came as one, with the highest of their values. */
  fold: number;
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
  /** In the order of the model, input first. */
  layers: string[];
}

export const ended = (state: State | null): boolean =>
  state !== null && state.status !== "running" && state.status !== "paused";
