import assert from "node:assert/strict";
import { test } from "node:test";
import { Mean } from "../widget/reduction";
import { Series } from "../widget/series";
import { TotalNorm } from "../widget/total_norm";
import { range, rows, tableOf } from "./rows";

const train = (steps: number[], loss: number[], start = 0) => rows("train", { _step: steps, loss }, { start });
const told = ({ step, value }: Series) => ({ x: [...step.values], y: [...value.values] });

test("the rows of several tables are sorted by step", () => {
  const series = new Series("loss");
  const others = rows("train", { _step: [2, 5], loss: [20, 50], other: [0, 0] }, { key: "other" });
  series.take([tableOf(train([1, 3, 4], [1, 3, 4])), tableOf(others), tableOf(rows("train", { _step: [9], acc: [1] }))]);
  assert.deepEqual(told(series), { x: [1, 2, 3, 4, 5], y: [1, 20, 3, 4, 50] });
});

test("only new rows are taken, and late ones have it sorted anew", () => {
  const series = new Series("loss");
  const [own, late] = [tableOf(train([3, 4], [3, 4])), tableOf(train([1, 2], [1, 2]))];
  series.take([own]);
  own.append(train([5], [5], 2).header, train([5], [5], 2).buffers);
  series.take([own]);
  assert.deepEqual(told(series), { x: [3, 4, 5], y: [3, 4, 5] });
  series.take([own, late]);
  assert.deepEqual(told(series), { x: [1, 2, 3, 4, 5], y: [1, 2, 3, 4, 5] });
});

test("a table that was replaced is read from its beginning", () => {
  const series = new Series("loss");
  series.take([tableOf(train(range(1, 9), range(1, 9)))]);
  series.take([tableOf(train([10, 11], [7, 8]))]);
  assert.deepEqual(told(series), { x: [10, 11], y: [7, 8] });
});

/** -1 and 3 in one step are a 1, so all that is drawn is above zero. */
test("a range is of what is drawn", () => {
  const series = new Series("loss", new Mean());
  series.take([tableOf(train([1, 2, 2, 3], [1, -1, 3, 2]))]);
  assert.deepEqual(told(series), { x: [1, 2, 3], y: [1, 1, 2] });
  assert.deepEqual([series.lowest, series.highest], [1, 2]);
});

test("of several gradients in a step, the highest one stays", () => {
  const total = new TotalNorm("total");
  total.take([tableOf(rows("gradients", { _step: [1, 2, 3, 3], total: [0.1, 0.1, 5, 0.3] }))]);
  assert.deepEqual(told(total), { x: [1, 2, 3], y: [0.1, 0.1, 5] });
});

test("a row of another optimizer holds no norm of this one", () => {
  const total = new TotalNorm("total/g");
  total.take([tableOf(rows("gradients", { _step: [1, 1, 2, 2, 3], "total/g": [0.5, -1, -1, 0.7, -1] }))]);
  assert.deepEqual(told(total), { x: [1, 2], y: [0.5, 0.7] });
});
