import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Curve } from "../widget/curve";
import type { Line } from "../widget/line";
import { planOf } from "../widget/plan";
import type { Scene } from "../widget/scene";
import { StepAxis } from "../widget/step_axis";
import { range } from "./rows";

const SIZE = { width: 600, height: 240, columns: 500 };

function lineOf(name: string, values: number[], smooth = 0): Line {
  const series = new Curve(name);
  values.forEach((value, i) => series.push(i + 1, value));
  return { series, color: "--train", smooth, dotted: false };
}

function sceneOf(lines: Line[], more: Partial<Scene> = {}): Scene {
  const xAxis = new StepAxis(new Curve("epoch"), 1000, null);
  return { lines, xAxis, span: [0, 1000], log: false, robust: true, ...more };
}

const falling = range(1, 1000).map((step) => 2 / Math.sqrt(step));

describe("what is drawn of a scene", () => {
  test("is a curve a line, and of a smoothed one a faint one too", () => {
    const { curves, axes, sides, beyond } = planOf(sceneOf([lineOf("a", falling, 20), lineOf("b", falling)]), SIZE, false);
    assert.deepEqual([curves.map(({ length }) => length), sides, axes.right], [[2, 1], ["left", "left"], undefined]);
    assert.deepEqual(beyond, { above: undefined, below: undefined });
  });

  test("has another axis for what would be flat, also while the view is zoomed to where both are alike", () => {
    const lines = [lineOf("loss", falling), lineOf("reward", range(1, 1000))];
    const { axes, sides } = planOf(sceneOf(lines), SIZE, false);
    assert.deepEqual([sides, axes.left.max, axes.right?.max], [["left", "right"], 2, 1000]);
    assert.deepEqual(planOf(sceneOf(lines, { span: [0, 4] }), SIZE, false).sides, sides);
    assert.equal(planOf(sceneOf(lines, { robust: false }), SIZE, false).axes.right, undefined);
  });

  test("leaves outliers out, unless all are asked for", () => {
    const spiked = falling.map((value, i) => (i < 5 ? 1e4 : value));
    const left = planOf(sceneOf([lineOf("a", spiked)]), SIZE, false);
    assert.deepEqual([left.axes.left.max, left.beyond.above], [1, 1e4]);
    const all = planOf(sceneOf([lineOf("a", spiked)]), SIZE, true);
    assert.deepEqual([all.axes.left.max, all.beyond.above], [10_000, 1e4]);
    assert.equal(planOf(sceneOf([lineOf("a", spiked)], { robust: false }), SIZE, false).axes.left.max, 10_000);
  });

  test("has an axis also without any value", () => {
    const { axes, points } = planOf(sceneOf([lineOf("a", [NaN, NaN])], { log: true }), SIZE, false);
    assert.deepEqual([axes.left.min, axes.left.max, points[0].y], [0.1, 1, [null, null]]);
    assert.ok(planOf(sceneOf([]), SIZE, false).axes.left);
  });

  test("of a low strip are the ends of its axis only", () => {
    assert.deepEqual(planOf(sceneOf([lineOf("rate", [1e-3, 4e-4, 2e-4])], { bare: true }), SIZE, false).axes.left.labels, [
      "2e-4",
      "0.001",
    ]);
  });
});
