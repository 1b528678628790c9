import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Curve } from "../widget/curve";
import { histogram, scatter } from "../widget/distribution";

const curveOf = (name: string, ...values: number[]) => {
  const curve = new Curve(name);
  values.forEach((value, i) => curve.push(10 * (i + 1), value));
  return curve;
};
const ALL: [number, number] = [0, 1e9];

describe("one metric against another", () => {
  test("has a dot for each step, by the last value of the other", () => {
    const other = new Curve("other");
    other.push(10, 5);
    other.push(25, 1);
    assert.deepEqual(scatter(curveOf("loss", 3, 2, 1), other, ALL), { x: [1, 5, 5], y: [1, 2, 3], step: [30, 20, 10] });
  });

  test("has none before the other one begins, where a value is no number, or out of view", () => {
    const other = new Curve("other");
    other.push(20, 5);
    assert.deepEqual(scatter(curveOf("loss", 3, NaN, 1, Infinity, 4, 5), other, [0, 50]).y, [4, 1]);
  });

  test("has a bounded number of dots", () => {
    const long = curveOf("loss", ...Array.from({ length: 100_000 }, (_, i) => i));
    const { x } = scatter(long, long, ALL);
    assert.ok(x.length <= 3000 && x.length > 1500);
    assert.equal(x[x.length - 1], 99_999);
  });
});

describe("how often values came", () => {
  test("counts every finite value once, in bins of one width", () => {
    const { edges, counts } = histogram([curveOf("a", 0, 1, 1, NaN, 4), curveOf("b", 2, Infinity)], ALL);
    assert.equal(edges.length, counts[0].length + 1);
    assert.deepEqual([edges[0], edges[edges.length - 1]], [0, 4]);
    assert.deepEqual(
      counts.map((count) => count.reduce((sum, n) => sum + n)),
      [4, 1],
    );
    assert.equal(counts[0][10], 2); // 1 of 4, in 40 bins
    assert.equal(counts[0][39], 1);
  });

  test("of equal values, of none, and of the largest numbers there are", () => {
    assert.equal(Math.max(...histogram([curveOf("a", 7, 7)], ALL).counts[0]), 2);
    assert.deepEqual(histogram([curveOf("a")], ALL), { edges: [], counts: [[]] });
    const { edges, counts } = histogram([curveOf("a", -1.7e308, 1.7e308)], ALL);
    assert.ok(edges.every(Number.isFinite) && counts[0][0] === 1 && counts[0][39] === 1);
  });

  test("are those in view", () => {
    assert.deepEqual(
      histogram([curveOf("a", 1, 2, 3)], [15, 25]).counts[0].reduce((sum, n) => sum + n),
      1,
    );
  });
});
