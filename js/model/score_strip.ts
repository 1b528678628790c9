import { drawing, svg } from "../data/svg";
import { valueAxis } from "../widget/axes";
import type { Candidate } from "./protocol";

const WIDTH = 190; // px
const HEIGHT = 24;
const EDGE = 6;
const ROOM = 0.25; // beyond the scores, of their range
const CHARACTER = 6.8;

/** The axis that all candidates share, and the interval of the best one. */
export interface Scale {
  low: number;
  high: number;
  best: [low: number, high: number] | undefined;
  x: (value: number) => number;
}

/** Covers the scores of those that are compared: an interval of two scores may be far wider, and ends at the edge. */
export function scaleOf(candidates: Candidate[]): Scale {
  const compared = candidates.filter(({ status }) => status !== "failed" && status !== "dropped");
  const scores = compared.flatMap((one) => one.scores);
  const [least, most] = scores.length ? [Math.min(...scores), Math.max(...scores)] : [0, 1];
  const room = ROOM * (most - least) || 0.05 * Math.abs(most) || 1;
  const [low, high] = [least - room, most + room];
  const x = (value: number) => EDGE + (WIDTH - 2 * EDGE) * Math.min(1, Math.max(0, (value - low) / (high - low)));
  const best = compared[0];
  const hasInterval = best && best.mean !== null && best.half_width !== null;
  return { low, high, x, best: hasInterval ? [best.mean! - best.half_width!, best.mean! + best.half_width!] : undefined };
}

/** The ends of the axis, above the strips. */
export function drawScale(parent: HTMLElement, { low, high, x }: Scale, hasScores: boolean): void {
  parent.replaceChildren();
  if (!hasScores) return;
  const { ticks, labels } = valueAxis(low, high, false);
  const image = drawing(parent, WIDTH, 16, "");
  image.setAttribute("aria-hidden", "true");
  let free = 0;
  ticks.forEach((tick, place) => {
    const size = labels[place].length * CHARACTER;
    const left = x(tick) - size / 2;
    if (tick < low || tick > high || left < free || left + size > WIDTH) return;
    svg(image, "text", { x: left, y: 12 }, labels[place]);
    free = left + size + 2 * CHARACTER;
  });
}

/** Scores as dots, their interval as a line and their mean as a bar across it; behind it the interval of the best. */
export function drawStrip(parent: HTMLElement, { scores, mean, half_width, figure }: Candidate, { low, high, best, x }: Scale): void {
  parent.replaceChildren();
  if (!scores.length) return;
  const image = drawing(parent, WIDTH, HEIGHT, figure);
  const middle = HEIGHT / 2;
  if (best) svg(image, "rect", { class: "board-band", x: x(best[0]), width: x(best[1]) - x(best[0]), y: 0, height: HEIGHT });
  if (mean !== null && half_width !== null)
    svg(image, "line", { class: "board-interval", x1: x(mean - half_width), x2: x(mean + half_width), y1: middle, y2: middle });
  const isWithin = (value: number) => value >= low && value <= high; // those of a candidate that was dropped may lie far off
  for (const score of scores.filter(isWithin)) svg(image, "circle", { class: "board-score", cx: x(score), cy: middle, r: 2.5 });
  if (mean !== null && isWithin(mean))
    svg(image, "line", { class: "board-mean", x1: x(mean), x2: x(mean), y1: middle - 7, y2: middle + 7 });
}
