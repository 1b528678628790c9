import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LayerMaxima, ValueRange } from "../widget/layer_maxima";
import { higher } from "../widget/pyramid";
import { random } from "./random";
import { range } from "./rows";

/** The highest of every `width` rows, by looking at each. */
function expected(values: Float32Array, layers: number, width: number): number[] {
  const buckets = Math.ceil(values.length / layers / width);
  const highest = new Array<number>(buckets * layers).fill(-1);
  values.forEach((value, i) => {
    const at = Math.floor(i / layers / width) * layers + (i % layers);
    highest[at] = higher(highest[at], value);
  });
  return highest;
}

const next = random();
const some = (count: number): Float32Array =>
  Float32Array.from({ length: count }, () => (next() < 0.02 ? NaN : next() < 0.1 ? -1 : next()));

test("every level has the highest value of each layer, while rows come", () => {
  const [layers, all] = [3, some(3 * 100)];
  const maxima = new LayerMaxima(layers);
  let row = 0;
  for (const count of [1, 1, 5, 30, 1, 62]) {
    const steps = Float64Array.from(range(row + 1, row + count));
    maxima.append(row, 1, steps, all.subarray(row * layers, (row + count) * layers));
    row += count;
    for (let k = 0; 1 << k < row; k++)
      assert.deepEqual([...maxima.level(k)], expected(all.subarray(0, row * layers), layers, 1 << k), `level ${k}`);
  }
  assert.deepEqual([maxima.rows, maxima.end, maxima.width], [100, 100, 1]);
});

test("rows that come folded make its finest level coarser", () => {
  const values = some(2 * 50);
  const maxima = new LayerMaxima(2);
  maxima.append(0, 1, Float64Array.from(range(1, 10)), values.subarray(0, 20));
  maxima.append(
    10,
    2,
    Float64Array.from({ length: 20 }, (_, i) => 11 + 2 * i),
    Float32Array.from(expected(values.subarray(20), 2, 2)),
  );
  assert.deepEqual([maxima.width, [...maxima.step.values]], [2, range(0, 24).map((i) => 1 + 2 * i)]);
  assert.deepEqual([...maxima.level(0)], expected(values, 2, 2));
});

test("too many numbers make it coarser, and lose no spike", () => {
  const layers = 200;
  const maxima = new LayerMaxima(layers);
  const values = new Float32Array(1000 * layers).fill(0.1);
  for (let row = 0; row < 50_000; row += 1000) {
    values[7] = row === 23_000 ? 9 : 0.1;
    maxima.append(row, 1, Float64Array.from(range(row + 1, row + 1000)), values);
  }
  assert.deepEqual([maxima.width, maxima.rows, maxima.end], [2, 50_000, 50_000]);
  assert.equal(maxima.level(0).indexOf(Math.fround(9)), (23_000 / 2) * layers + 7);
});

test("a level is chosen that has about two buckets a column", () => {
  const maxima = new LayerMaxima(1);
  maxima.append(0, 1, Float64Array.from(range(1, 1000)), new Float32Array(1000));
  const levels = [
    [0, 1000, 1000],
    [0, 1000, 500],
    [0, 1000, 499],
    [0, 1000, 100],
    [400, 500, 100],
  ].map(([from, to, columns]) => maxima.levelFor(from, to, columns));
  assert.deepEqual(levels, [0, 0, 1, 3, 0]);
});

describe("the range of the colours", () => {
  const rangeOf = (...values: number[]) => {
    const found = new ValueRange();
    found.take(Float32Array.from(values));
    return found;
  };

  test("is in decades, with the highest value in it", () => {
    assert.deepEqual(rangeOf(0.02, 0.5, 3).decades, [-2, 1]);
    assert.deepEqual(rangeOf(1, 1, 1).decades, [-1, 0]);
    assert.deepEqual(rangeOf().decades, [-1, 0]);
  });

  test("leaves out the lowest percent", () => {
    const few = [1e-8, ...Array<number>(199).fill(0.05)];
    assert.deepEqual(rangeOf(...few).decades, [-2, -1]);
    assert.deepEqual(rangeOf(...few, 1e-8, 1e-8, 1e-8).decades, [-9, -1]);
  });

  test("tells what has no colour in it", () => {
    const told = ({ hasZero, hasNonFinite }: ValueRange) => [hasZero, hasNonFinite];
    assert.deepEqual([rangeOf(1, -1), rangeOf(0), rangeOf(NaN), rangeOf(Infinity, 0)].map(told), [
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ]);
  });
});
