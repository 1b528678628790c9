import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Curve } from "../widget/curve";
import type { Points } from "../widget/decimate";
import { Mean } from "../widget/reduction";
import { random } from "./random";

function curveOf(values: number[], first = 1): Curve {
  const curve = new Curve("loss");
  values.forEach((value, i) => curve.push(first + i, value));
  return curve;
}

const pairs = ({ x, y }: Points): [number, number | null][] => x.map((step, i) => [step, y[i]]);

test("where there are more pixels than steps, every value is a point", () => {
  const curve = curveOf([3, 1, 2]);
  assert.deepEqual(curve.points({ from: 0, to: 3, columns: 300, log: false }), { x: [1, 2, 3], y: [3, 1, 2] });
});

test("a pixel column has its lowest and highest value, in the order they came", () => {
  const curve = curveOf([5, 1, 9, 4, 7, 7.5, 2, 6], 0);
  assert.deepEqual(pairs(curve.points({ from: 0, to: 8, columns: 2, log: false })), [
    [1, 1],
    [2, 9],
    [5, 7.5],
    [6, 2],
  ]);
});

test("the line goes on to both edges of what is in view", () => {
  const { x } = curveOf(Array(20).fill(1)).points({ from: 5.5, to: 10.5, columns: 100, log: false });
  assert.deepEqual([x[0], x[x.length - 1]], [5, 11]);
});

test("the line is interrupted where nothing can be drawn", () => {
  const curve = curveOf([1, NaN, -2, 3]);
  assert.deepEqual(curve.points({ from: 0, to: 4, columns: 40, log: false }).y, [1, null, -2, 3]);
  assert.deepEqual(curve.points({ from: 0, to: 4, columns: 40, log: true }).y, [1, null, null, 3]);
  assert.deepEqual([...curve.nonFinite.values], [2]);
});

test("lowest and highest are of the finite values", () => {
  const curve = new Curve("loss");
  assert.deepEqual([curve.lowest, curve.highest], [Infinity, -Infinity]);
  [NaN, 3, -1, Infinity, 2].forEach((value, i) => curve.push(i, value));
  assert.deepEqual([curve.lowest, curve.highest], [-1, 3]);
  curve.clear();
  assert.deepEqual([curve.lowest, curve.highest, curve.step.length], [Infinity, -Infinity, 0]);
});

describe("several values of a step", () => {
  test("become what its reduction says, also after they were drawn", () => {
    const frame = { from: 0, to: 2, columns: 20, log: false };
    const curve = new Curve("loss", new Mean());
    curve.push(1, 1);
    curve.push(2, -1);
    assert.deepEqual(curve.points(frame).y, [1, -1]);
    curve.push(2, 3);
    assert.deepEqual([curve.points(frame).y, curve.lowest, curve.highest], [[1, 1], 1, 1]);
  });

  test("one of them that is not finite is told once", () => {
    const curve = new Curve("norm");
    for (const value of [1, NaN, 2, NaN]) curve.push(7, value);
    assert.deepEqual([...curve.nonFinite.values], [7]);
    const mean = new Curve("loss", new Mean());
    for (const value of [Infinity, 1]) mean.push(7, value);
    mean.push(8, NaN, 0);
    assert.deepEqual([...mean.nonFinite.values], [7, 8]);
    mean.push(8, 2, 4);
    assert.deepEqual([...mean.nonFinite.values], [7]); // of no samples there is no mean
  });
});

/** A tenth of the second that a person waits for: it goes by pixels, not by steps. */
test("one step among a million is found at every zoom", () => {
  const [steps, spike] = [1_000_000, 617_283];
  const next = random();
  const curve = new Curve("loss");
  for (let step = 1; step <= steps; step++) curve.push(step, step === spike ? 50 : 0.5 + 0.1 * next());
  for (let length = steps; length > 300; length /= 1.5) {
    for (const share of [0.1, 0.5, 0.9]) {
      const from = Math.max(0, spike - share * length);
      const { x, y } = curve.points({ from, to: from + length, columns: 700, log: false });
      assert.equal(y.filter((value) => value === 50).length, 1, `${length} steps, the spike at ${share} of them`);
      assert.equal(x[y.indexOf(50)], spike);
      assert.ok(x.length <= 2 * 700 + 4);
    }
  }
});
