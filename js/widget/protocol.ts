/** What passes between the kernel and a view. Written by js/protocol.py from nbs/13_run.contract.ipynb: do not edit. */

export type Status = "running" | "paused" | "finished" | "stopped" | "failed" | "lost";
export type When = "step" | "epoch";
export type Mode = "min" | "max";
export type Role = "best" | "last" | "undo";
export type Metric = number | "nan" | "inf" | "-inf";
export type PartName =
  | "header"
  | "progress"
  | "controls"
  | "early_stop"
  | "findings"
  | "metrics"
  | "gradients"
  | "activations"
  | "media"
  | "commands"
  | "footer";
export type PlotKind = "line" | "scatter" | "histogram";
export type Stream = "train" | "valid" | "gradients" | "activations" | "system";
export type Route = "subshell" | "pump" | "comm" | "inbox";
export type Verdict = "better" | "worse" | "no difference" | "not comparable";

/** How far a run is; null where the loop has not said it or does not know it. */
export interface Progress {
  /** Batches trained on, over the whole run. */
  step: number;
  /** Counted from 0. */
  epoch?: number | null;
  /** The number of epochs there will be. */
  epochs?: number | null;
  /** Counted from 1 within the epoch, or within the loop if there are no epochs. */
  batch?: number | null;
  /** The number of batches in an epoch, or in the loop. */
  batches?: number | null;
  /** What these two count. */
  unit?: "batch" | "step";
  validating?: boolean;
  /** The one that the present loop began with. */
  first_epoch?: number | null;
  /** When the present loop began, later by the time of each pause. */
  began?: number | null;
}

/** The machine that a run trains on. */
export interface Machine {
  cpus: number;
  /** Bytes. */
  memory: number;
  gpu?: string | null;
  /** Bytes. */
  gpu_memory?: number | null;
}

/** The checkpoint of another run that a run goes on from. */
export interface Parent {
  /** The name of its folder. */
  id: string;
  name: string;
  checkpoint: string;
  step: number;
  time?: number;
}

/** A checkpoint on disk. */
export interface Checkpoint {
  name: string;
  step: number;
  time: number;
  roles: Role[];
  epoch?: number | null;
  tag?: string | null;
  /** The metric that says which one is the best. */
  metric?: string | null;
  /** Of that metric. */
  value?: number | "nan" | "inf" | "-inf" | null;
  mode?: Mode;
  /** Measured: a validation had others in place than those that are trained. */
  weights?: "trained" | "measured";
}

/** How fast a training goes. */
export interface Rates {
  steps_per_second?: number;
  samples_per_second?: number;
  /** The share of the time that is spent waiting for data. */
  data_wait?: number;
}

/** How a run is measured. */
export interface Watching {
  /** Gradients are measured every so many steps; null if they are not. */
  gradients_every?: number | null;
  /** Values are read every so many rows, where reading one means waiting for the device; else null. */
  reads_every?: number | null;
  rows_underway?: number;
  /** Over all its loops, without pauses; null while one of them goes on. */
  mean_rates?: Rates | null;
}

/** Early stopping: its settings, and what it has seen. */
export interface EarlyStop {
  on: boolean;
  /** The metric it goes by. */
  monitor: string;
  mode: Mode;
  /** It stops after this many values in a row that are no better than the best one. */
  patience: number;
  /** Better means better by more than this. */
  min_delta: number;
  /** Whether it goes back to the best checkpoint when it stops. */
  restore_best?: boolean;
  best: number | null;
  best_step: number | null;
  /** The number of values since the best one. */
  waited: number;
  /** The step at which it stopped, or would have if it were on; null before that. */
  would_stop: number | null;
}

/** A command of another package, for which the panel has a button; it is sent without arguments. */
export interface RegisteredCommand {
  command: string;
  label: string;
  /** Their names. */
  arguments: string[];
}

/** A remedy that was applied, and whose effect is looked at until a person keeps it or takes it back. */
export interface Trial {
  /** Of the command that has applied it. */
  id: string;
  command: string;
  label: string;
  /** The step after which it was applied. */
  since: number;
  /** The step at which the metric is compared with what it was before. */
  until: number;
  /** Not there until then. */
  verdict?: Verdict;
  /** What was compared, for people to read. */
  sentence?: string;
}

/** What says which checkpoint is the best. */
export interface Monitor {
  metric: string;
  mode: Mode;
}

/** What a run can be told to do, and what it was told. */
export interface Steering {
  /** When it is about to stop, if it is. */
  stopping?: When | null;
  paused_since?: number | null;
  /** Of the first parameter group, in force now; null if none can be read without waiting. */
  learning_rate?: number | null;
  /** The product of all factors so far. */
  learning_rate_scale?: number;
  can_scale?: boolean;
  can_evaluate?: boolean;
  /** Whether there is a model that can be saved and rolled back. */
  can_checkpoint?: boolean;
  monitor?: Monitor;
  early_stop?: EarlyStop | null;
  commands?: RegisteredCommand[];
  /** The last step at which it was looked whether anything is wrong. */
  judged?: number;
  /** Commands that tell beforehand what they will change, when `plan` asks for it. */
  remedies?: string[];
  /** Of the remedy that was applied last. */
  trial?: Trial | null;
}

/** How a run stands. */
export interface State extends Progress, Watching, Steering {
  status: Status;
  reason?: string | null;
  /** Its name. */
  folder: string;
  /** Its path, from where the kernel works if it lies below. */
  path?: string;
  tags?: string[];
  parent?: Parent | null;
  /** Those on disk, oldest first. */
  checkpoints?: Checkpoint[];
  /** The layers whose activations are measured, input first. */
  activations?: string[] | null;
  machine?: Machine | null;
  seconds_left?: number | null;
}

/** A command that helps against a finding. */
export interface RemedyButton {
  command: string;
  arguments: Record<string, unknown>;
  label: string;
  effect: string;
}

/** One thing that a remedy will change. */
export interface PlannedChange {
  /** A module, an optimizer, the loss or a loader. */
  where: string;
  before: string;
  after: string;
}

/** What every event has. */
export interface Happened {
  /** Seconds since 1970. */
  time: number;
  step: number;
  /** What to write beside a curve. */
  label?: string;
  sentence?: string;
}

/** A command was requested, and later its outcome. */
export interface CommandEvent extends Happened {
  event: "command";
  id?: string;
  command?: string;
  /** What the command is called, if it was registered with a label. */
  title?: string;
  /** As they were sent, so they may be of any kind. */
  arguments?: Record<string, unknown> | null;
  status?: "requested" | "applied" | "refused" | "failed";
  by?: string;
  route?: string;
  reason?: string | null;
  undoable?: boolean;
  /** How many step edges there were up to the one at which it was applied. */
  edge?: number;
}

/** The run stands otherwise. */
export interface StatusEvent extends Happened {
  event: "status";
  status?: Status;
}

/** A remark. */
export interface NoteEvent extends Happened {
  event: "note";
  text?: string;
}

/** The run goes on from another one. */
export interface ResumeEvent extends Happened {
  event: "resume";
  parent?: string;
  checkpoint?: string;
}

/** A validation outside of the loop's own: one that was asked for, or one that was broken off. */
export interface ValidationEvent extends Happened {
  event: "validation";
  status?: "evaluated" | "partial";
  metrics?: Record<string, Metric>;
}

/** The weights are those of an earlier step again. */
export interface RollbackEvent extends Happened {
  event: "rollback";
  /** A role, a tag, or `undo`. */
  to?: string;
  to_step?: number;
}

/** Early stopping decided something. */
export interface EarlyStopEvent extends Happened {
  event: "early_stop";
  status?: "stopped" | "would_stop" | "taken_back";
  metric?: string;
  best?: number | null;
  best_step?: number | null;
  waited?: number;
}

/** A checkpoint was saved, or could not be. */
export interface CheckpointEvent extends Happened {
  event: "checkpoint";
  status?: "saved" | "failed";
  name?: string;
  reason?: string;
}

/** Something goes wrong, or does no longer. */
export interface FindingEvent extends Happened {
  event: "finding";
  /** Its kind. */
  finding?: string;
  /** One that is withdrawn no longer holds. */
  status?: "found" | "withdrawn" | "muted" | "unmuted";
  severity?: "error" | "warning";
  /** A layer, an argument or a call; with the kind it says which finding it is. */
  where?: string;
  evidence?: Record<string, unknown>;
  explanation?: string;
  advice?: string;
  remedies?: RemedyButton[];
  /** By name points of step and value, which prove it. */
  series?: Record<string, number[][]>;
  /** Of a `non_finite_gradient`, which older versions wrote, as are `value` and `layers`. */
  layer?: string;
  value?: "nan" | "inf";
  /** How many it concerns. */
  layers?: number;
}

/** What a remedy would do; its `sentence` says it for people. */
export interface PlanEvent extends Happened {
  event: "plan";
  /** The command. */
  remedy?: string;
  /** Of the command that has carried it out; not there in a plan that was only asked for. */
  id?: string;
  /** Its arguments, as `plan` was given them. */
  asked?: Record<string, unknown>;
  /** With what was found out for it; with these it does what is planned. */
  arguments?: Record<string, unknown>;
  changes?: PlannedChange[];
}

/** The effect of a remedy was compared with the steps before it, or the remedy was kept. */
export interface TrialEvent extends Happened {
  event: "trial";
  /** Of the command that has applied it. */
  id?: string;
  command?: string;
  status?: "compared" | "kept";
  verdict?: Verdict;
  metric?: string;
  /** Its mean over as many steps before the remedy; null if a value is no number. */
  before?: number | null;
  after?: number | null;
  /** The interval, with a confidence of 95 %, of the difference to what the trend before it would have given. */
  low?: number | null;
  high?: number | null;
}

/** Gradients are measured more seldom, or more often. */
export interface BudgetEvent extends Happened {
  event: "budget";
  /** Steps from one measurement to the next. */
  every?: number;
  /** Of a step's time, that one takes. */
  share?: number;
}

/** Something was shown: a picture, a text, a table, a distribution. */
export interface MediaEvent extends Happened {
  event: "media";
  name?: string;
  /** `image`, `text`, `table`, `audio`, `histogram`, `confusion` or `points`. */
  kind?: string;
  /** How the value was understood. */
  about?: string;
  caption?: string;
  /** Its name in `media/`, as are `mask` and `boxes`; a histogram has none. */
  file?: string;
  /** A PNG as large as the picture, transparent where there is no class. */
  mask?: string;
  /** JSON. */
  boxes?: string;
  /** In pixels, of one image on the sheet. */
  width?: number;
  height?: number;
  /** Images on the sheet. */
  count?: number;
  /** How many of them lie beside each other. */
  columns?: number;
  /** For each of them why nothing is seen on it, such as `all 0`; mostly empty. */
  words?: string[];
  /** Of a mask, the largest ones: class, and x and y as shares of the sheet. */
  regions?: number[][];
  /** Names of the classes. */
  labels?: string[];
  /** Of a table. */
  rows?: number;
  /** Samples a second. */
  rate?: number;
  seconds?: number;
  /** Of a histogram, in bins of one width. */
  counts?: number[];
  /** Where its first bin begins. */
  low?: number;
  high?: number;
}

/** New rows of a table; their columns come in the buffers. */
export interface TableHeader {
  key: string;
  stream: Stream;
  /** The first is `_step`; the last of the stream `train` is `_time`, in seconds since 1970. */
  columns: string[];
  /** For each column: 0 means one float64 a row; n means n float32 a row, one for each layer. */
  widths: number[];
  /** Rows of the record that came before. */
  start: number;
  /** Rows of the record that these are. */
  count: number;
  /** How many rows of the record are folded into one, which has their highest values. */
  fold: number;
}

/** Events that are new. */
export interface NewEvents {
  /** How many came before. */
  start: number;
  rows: Event[];
}

/** From the kernel to the panel. */
export interface Update {
  kind: "update";
  state: State;
  events: NewEvents;
  tables: TableHeader[];
  /** Ids of messages that have arrived. */
  acknowledged: string[];
  /** How commands reach the run; `inbox`: it belongs to another process. */
  route: Route | null;
}

/** What one plot of the metrics shows. */
export interface PlotSpec {
  /** Names of metrics, or of groups of them. */
  metrics: string[];
  /** What is along the x axis: `step`, `epoch`, `time`, `samples` or a metric. */
  x?: string;
  /** Lines if left out. */
  kind?: PlotKind;
  /** Whether the y axis is logarithmic; if left out, as it suits the values. */
  log?: boolean;
}

/** The answer to `media`; the content comes in the buffer. */
export interface MediaFile {
  kind: "media";
  file: string;
  /** Why there is no content. */
  problem: string | null;
}

/** What a saved notebook keeps of a view. */
export interface Traits {
  /** Each a `Part`, or one of another version. */
  parts: string[];
  run_id: string;
  run_name: string;
  /** In the order of the model, input first. */
  layers: string[];
  /** The plots of the metrics, the first one large; none: one for each group of metrics. */
  plots: PlotSpec[];
}

/** From the panel, no command for the run. `hello` is only sent for its answer, which tells the route it took; `media` asks for a file. */
export interface ViewMessage {
  command: "snapshot" | "hello" | "media";
  /** Its name in `media/`. */
  file?: string;
}

export type Event =
  | CommandEvent
  | StatusEvent
  | NoteEvent
  | ResumeEvent
  | ValidationEvent
  | RollbackEvent
  | EarlyStopEvent
  | CheckpointEvent
  | FindingEvent
  | PlanEvent
  | TrialEvent
  | BudgetEvent
  | MediaEvent;

/** The arguments of the commands that every run knows. */
export interface Arguments {
  stop: { when?: When };
  pause: Record<string, never>;
  resume: Record<string, never>;
  evaluate: Record<string, never>;
  scale_lr: { factor?: number; optimizer?: string };
  early_stop: { on?: boolean; monitor?: string; patience?: number; min_delta?: number; mode?: Mode; restore_best?: boolean };
  checkpoint: { tag?: string };
  rollback: { to?: string };
  undo: { id?: string };
  keep: { id?: string };
  plan: { remedy?: string; arguments?: Record<string, unknown> };
  mute: { finding?: string; where?: string; on?: boolean };
}
