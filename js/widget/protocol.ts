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
  /** What the run is about to do. From here on, older runs do not say. */
  stopping?: When | null;
  /** Unix seconds, while it is paused. */
  paused_since?: number | null;
  /** Of the first parameter group, in force now; null if there is none that can be read without waiting. */
  learning_rate?: number | null;
  /** The product of all factors so far. */
  learning_rate_scale?: number;
  can_scale?: boolean;
  can_evaluate?: boolean;
  early_stop?: EarlyStop | null;
  /** What is kept on disk, oldest first. */
  checkpoints?: Checkpoint[];
  /** Whether there is a model that can be saved and rolled back. */
  can_checkpoint?: boolean;
  /** Where it goes on from. */
  parent?: Parent | null;
}

export interface Checkpoint {
  name: string;
  step: number;
  epoch: number | null;
  roles: ("best" | "last")[];
  tag: string | null;
  /** What it was judged by, and how it did. */
  metric: string | null;
  value: number | null;
}

/** Another run, and a checkpoint of it. */
export interface Parent {
  id: string;
  name: string;
  checkpoint: string;
  step: number;
}

export interface EarlyStopSettings {
  on: boolean;
  metric: string;
  mode: "min" | "max";
  /** So many values in a row that are no better than the best one. */
  patience: number;
  min_delta: number;
  /** Whether it goes back to the best checkpoint when it stops. Older runs do not say. */
  restore_best?: boolean;
}

export interface EarlyStop extends EarlyStopSettings {
  best: number | null;
  best_step: number | null;
  /** Values since the best one. */
  waited: number;
  /** The step at which patience was over, or would have been; null if it was not yet. */
  would_stop: number | null;
}

export interface Machine {
  cpus: number;
  /** Bytes. */
  memory: number;
  gpu: string | null;
  gpu_memory: number | null;
}

export type When = "step" | "epoch";

/** Of a command, as it was sent: whoever left it may have sent anything. */
export interface Arguments extends Partial<EarlyStopSettings> {
  when?: When;
  factor?: number;
  /** Of the command to undo. */
  id?: string;
  /** To which checkpoint: a role or a tag. */
  to?: string;
  tag?: string;
  tags?: string[];
  /** Of a note. */
  text?: string;
}

/** What a command has come to, an evaluation, early stopping, or the saving of a checkpoint. */
export type Outcome =
  | "requested" | "applied" | "refused" | "failed"
  | "evaluated" | "partial"
  | "stopped" | "would_stop" | "taken_back"
  | "saved";

export interface Event {
  /** Unix seconds. */
  time: number;
  step: number;
  event: string;
  id?: string;
  command?: string;
  arguments?: Arguments | null;
  status?: Outcome;
  by?: string;
  reason?: string;
  undoable?: boolean;
  /** Of an evaluation. */
  /** JSON has no NaN and no infinity; they come as text. */
  metrics?: Record<string, number | "nan" | "inf" | "-inf">;
  /** Of a rollback: a role, a tag or "undo", and the step whose weights are back. */
  to?: string;
  to_step?: number;
  /** Of early stopping. */
  metric?: string;
  best?: number | null;
  best_step?: number | null;
  waited?: number;
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
  /** How clicks reach the run; `inbox`: it belongs to another process. */
  route: "subshell" | "pump" | "comm" | "inbox" | null;
}

/** What a person can ask the run for. */
export type Request =
  | { command: "stop"; arguments: { when: When } }
  | { command: "pause" | "resume" | "evaluate" | "checkpoint"; arguments: Record<string, never> }
  | { command: "rollback"; arguments: { to: string } }
  | { command: "scale_lr"; arguments: { factor: number } }
  | { command: "early_stop"; arguments: Partial<EarlyStopSettings> }
  | { command: "undo"; arguments: { id: string } };

/** "hello" asks for nothing; the answer tells by which route it came. */
export type Command = { command: "snapshot" } | { command: "hello" } | Request;

export type ArgumentsOf<C extends Request["command"]> = Extract<Request, { command: C }>["arguments"];

export interface Traits {
  parts: string[];
  run_id: string;
  run_name: string;
  /** In the order of the model, input first. */
  layers: string[];
}

const UNUSUAL = new Map([["nan", NaN], ["inf", Infinity], ["-inf", -Infinity]]);

/** A metric of an event as a number. */
export const numberOf = (value: number | string): number => (typeof value === "number" ? value : UNUSUAL.get(value) ?? NaN);

export const ended = (state: State | null): boolean =>
  state !== null && state.status !== "running" && state.status !== "paused";
