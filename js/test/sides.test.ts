import assert from "node:assert/strict";
import { test } from "node:test";
import { type Extent, sidesOf } from "../widget/sides";

/** L or R for each line. */
const sides = (log: boolean, ...ranges: [low: number, high: number][]): string =>
  sidesOf(
    ranges.map(([low, high]): Extent => ({ low, high })),
    log,
  )
    .map((side) => side.charAt(0).toUpperCase())
    .join("");

test("lines of similar sizes share an axis", () => {
  assert.equal(sides(false, [0, 1]), "L");
  assert.equal(sides(false, [0.1, 2.3], [0.2, 2.5]), "LL");
  assert.equal(sides(false, [0, 1], [0, 29]), "LL");
  assert.equal(sides(false, [0, 1], [0, 20], [0, 300]), "LLL");
  assert.equal(sides(false), "");
});

test("those that would make the others flat go by an axis of their own, and the first one stays at the left", () => {
  assert.equal(sides(false, [0, 1], [0, 31]), "LR");
  assert.equal(sides(false, [0, 500], [0, 1], [0.2, 0.9]), "LRR");
  assert.equal(sides(false, [0, 1], [-2000, -90], [0, 1.5], [10, 900]), "LRLR");
});

test("of three sizes, the widest gap parts them", () => {
  assert.equal(sides(false, [0, 1], [0, 40], [0, 1e5]), "LLR");
  assert.equal(sides(false, [0, 1e5], [0, 40], [0, 1]), "LRR");
});

test("on a logarithmic axis only where they are far apart", () => {
  assert.equal(sides(true, [0.01, 2], [1, 5000]), "LL");
  assert.equal(sides(true, [0.01, 2], [61, 5000]), "LR");
  assert.equal(sides(true, [0.01, 2], [61, 5000], [1, 100]), "LLL");
});

test("a line without a size stays at the left", () => {
  assert.equal(sides(false, [NaN, NaN], [0, 1], [0, 100]), "LLR");
  assert.equal(sides(false, [0, 0], [Infinity, -Infinity], [0, 1]), "LLL");
  assert.equal(sides(true, [-1, 1], [1, 1], [100, 100]), "LLR");
});
