/** What passes between the kernel and a widget for models. Written by js/protocol.py from chapters 7x: do not edit. */

import type { Shown } from "../data/protocol";
import type { Mode } from "../widget/protocol";

/** A row of the leaderboard. */
export interface Candidate {
  name: string;
  status: "waiting" | "running" | "done" | "failed" | "dropped" | "stopped";
  /** The finite ones. */
  scores: number[];
  /** None if there is none yet, or if it is not finite. */
  mean: number | null;
  /** Of the 95 % interval around the mean. */
  half_width: number | null;
  /** Mean and interval in words. */
  figure: string;
  note: string;
}

/** What the leaderboard shows. */
export interface LeaderboardShown extends Shown {
  /** The best first. */
  candidates: Candidate[];
  /** Scores of a candidate that is done. */
  expected: number;
  /** What the scores are. */
  metric: string;
  /** Which scores are better. */
  mode: Mode;
  /** By a click. */
  is_stopped: boolean;
  /** Nothing more will come. */
  is_over: boolean;
}

/** An operation and how strong it is. */
export interface StrengthSlider {
  name: string;
  strength: number;
  limit: number;
  unit: string;
  /** The greatest strength that was found to be safe; None if that was not checked. */
  safe: number | null;
}

/** A picture as it is and as it becomes. */
export interface BeforeAfterPicture {
  /** A URL. */
  before: string;
  after: string;
  /** Or an empty text. */
  label: string;
}

/** What the gallery shows. */
export interface GalleryShown extends Shown {
  sliders: StrengthSlider[];
  pictures: BeforeAfterPicture[];
}

/** A sample in a cell. */
export interface Item {
  /** Its place among all samples, from 0. */
  number: number;
  /** Probability of the predicted class. */
  confidence: number;
  /** The address of a PNG that holds it, or an empty text. */
  picture: string;
  text: string;
  /** Names and values. */
  cells: string[][];
}

/** Some of the samples in a cell of the matrix. */
export interface CellItems {
  /** The class that they have. */
  row: number;
  /** The class that was predicted. */
  column: number;
  /** The place of the first one in the order that was asked for. */
  at: number;
  /** Of all samples in the cell. */
  count: number;
  items: Item[];
}

/** Two classes that are confused. */
export interface Pair {
  row: number;
  column: number;
  count: number;
  /** Of all samples of the class. */
  rate: number;
  /** Wilson's interval. */
  low: number;
  high: number;
}

/** What the confusion explorer shows. */
export interface ConfusionShown extends Shown {
  classes: string[];
  /** A row for each class that samples have. */
  counts: number[][];
  /** The most frequent first. */
  pairs: Pair[];
}
