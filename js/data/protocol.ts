/** What passes between the kernel and a data widget. Written by js/protocol.py from nbs/6q to 6v: do not edit. */

/** What every widget of data shows; each has more. */
export interface Shown {
  title: string;
  /** Of the cleaning: how many bytes its file has, which only grows. */
  version: number;
  /** Where the steps are kept, or an empty text. */
  file: string;
  /** Why the rest is not as the data are now, or an empty text. */
  problem: string;
}

/** What became of a request. */
export interface Answer {
  kind: "answer";
  id: string;
  found: unknown;
  /** In words, or an empty text. */
  error: string;
}

/** A column with holes. */
export interface HoledColumn {
  name: string;
  holes: number;
  /** Of all rows. */
  share: number;
}

/** Rows that lack the same columns. */
export interface Pattern {
  /** Names of columns. */
  lacks: string[];
  rows: number;
}

/** What the missingness matrix shows. */
export interface MissingShown extends Shown {
  rows: number;
  columns: HoledColumn[];
  /** Names of the columns without holes. */
  complete: string[];
  /** Where bands of rows begin, in the order of the picture, and the number of rows behind the last. */
  edges: number[];
  /** A byte for each column and band, 0 for no hole, 255 for nothing else. */
  shares: DataView;
  /** The most frequent ones. */
  patterns: Pattern[];
  more_patterns: number;
}

/** A hole, and what might have been there. */
export interface Hole {
  row: string;
  column: string;
  /** Which hole of its band it is, from 0. */
  at: number;
  /** In that band and column. */
  holes: number;
  /** In that band. */
  rows: number;
  /** Names and values of the row's other cells. */
  cells: string[][];
  draws: number[];
  /** Low, mean, high; empty if nothing was drawn. */
  interval: number[];
  /** Of the interval. */
  level: number;
  /** Of the histogram of the known values, without the most extreme hundredth. */
  edges: number[];
  counts: number[];
  /** Why nothing was drawn, or an empty text. */
  note: string;
}

/** What the outlier explorer shows. */
export interface OutliersShown extends Shown {
  /** Of rows. */
  count: number;
  /** Int32: the numbers of the rows in the log. */
  numbers: DataView;
  /** Float64. */
  x: DataView;
  /** Float64. */
  y: DataView;
  /** Float32, between 0 and 1. */
  scores: DataView;
  /** What can be along an axis. */
  axes: string[];
  along_x: string;
  along_y: string;
  /** What the slider chooses among; 0 for all detectors. */
  neighbours: number[];
  /** One of these. */
  chosen: number;
  /** What was decided, by the number of the row. */
  decided: Record<string, string>;
  /** The last step, or an empty text. */
  last: string;
}

/** A value that lies apart. */
export interface OddCell {
  column: string;
  value: string;
  median: string;
  /** From the median, in units of the usual distance. */
  distance: number;
  /** Values, and where they are from. */
  suggestions: string[][];
}

/** A row, and what is odd about it. */
export interface OddRow {
  number: number;
  label: string;
  /** 1 for the oddest row. */
  rank: number;
  /** Their kinds, and the score that each gives, between 0 and 1. */
  detectors: string[][];
  /** Of these scores. */
  spread: number;
  odd: OddCell[];
  /** Names and values of all cells. */
  cells: string[][];
  /** That a decision has if no other is given. */
  reason: string;
}

/** A step of a cleaning. */
export interface StepInWords {
  number: number;
  name: string;
  parameters: string;
  /** On which it was done, or an empty text for all of them. */
  columns: string;
  reason: string;
  /** What it did: `12 cells, 3 rows dropped`. */
  changed: string;
}

/** What the cleaning log shows. */
export interface LogShown extends Shown {
  steps: StepInWords[];
  /** The raw file. */
  origin: string;
  /** Rows and columns of the table now. */
  size: string;
}

/** A line of the log. */
export interface Change {
  step: number;
  what: string;
  row: string;
  column: string;
  old: string;
  new: string;
}

/** A page of the log. */
export interface Changes {
  rows: Change[];
  /** How many there are before these. */
  first: number;
  /** Whether there are more behind them. */
  more: boolean;
}

/** A column before and after a step. */
export interface ChangedColumn {
  name: string;
  kind: "numbers" | "values";
  /** Cells. */
  changed: number;
  /** How often, in each bin or of each value; empty if the column was not there. */
  before: number[];
  after: number[];
  /** Edges of the bins, of numbers. */
  bins: number[];
  /** The most frequent ones, of anything else. */
  values: string[];
  /** Mean and spread, or how many values, before and after. */
  told: string[];
}

/** What the before-and-after view shows. */
export interface BeforeAfterShown extends Shown {
  steps: StepInWords[];
  /** The one that is shown, -1 if there is none. */
  step: number;
  /** Those with most changes first. */
  columns: ChangedColumn[];
  more_columns: number;
  /** Rows and columns before and after. */
  sizes: string[];
}

/** Bytes, a table or a run. */
export interface Node {
  id: string;
  kind: "raw" | "read" | "step" | "table" | "run";
  title: string;
  /** In a few words. */
  about: string;
  /** Of the bytes or the table, or an empty text. */
  hash: string;
  /** Rows and columns, or an empty text. */
  size: string;
  /** Ids of the nodes that it is made of. */
  before: string[];
  /** How far it is from the left; nodes in one lane are a chain. */
  lane: number;
  /** Names and texts. */
  details: string[][];
}

/** What the lineage graph shows. */
export interface LineageShown extends Shown {
  /** From top to bottom. */
  nodes: Node[];
}

/** How the values of a column are distributed, in one version or in both. */
export interface Distribution {
  kind: "numbers" | "dates" | "values";
  /** The share in each bin or of each value; empty if there are none. */
  before: number[];
  after: number[];
  /** Edges; those of dates in days since 1970. */
  bins: number[];
  /** The most frequent ones. */
  values: string[];
}

/** A step, or a raw file and how it was read. */
export interface StepDiff {
  /** In which version it is. */
  where: "both" | "old" | "new";
  title: string;
  /** Parameters, columns and the reason. */
  about: string;
}

/** A column of two versions, in the list. */
export interface ColumnRow {
  name: string;
  what: "added" | "removed" | "type" | "values" | "same";
  /** That of both, `old → new` if they differ; so are those below. */
  type: string;
  missing: string;
  mean: string;
  sd: string;
  /** How far the distribution has moved; empty if that can't be told. */
  shift: string;
}

/** A column of two versions, and what is known of it. */
export interface ColumnDiff {
  /** Name, old and new one. */
  figures: string[][];
  distributions: Distribution[];
  steps: StepDiff[];
}

/** What the feature diff shows. */
export interface DiffShown extends Shown {
  /** What they are called. */
  versions: string[];
  /** When, in UTC. */
  made: string[];
  /** Places in `versions`. */
  old: number;
  new: number;
  columns: ColumnRow[];
}
