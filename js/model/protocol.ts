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
