import assert from "node:assert/strict";
import { test } from "node:test";
import { Extremes } from "../widget/extremes";
import { higher } from "../widget/pyramid";
import { random } from "./random";

const next = random();
const some = (length: number): Float64Array =>
  Float64Array.from({ length }, () => (next() < 0.1 ? NaN : next() < 0.05 ? Infinity : Math.round(2000 * next() - 1000) / 10));

/** What `between` has to find, by looking at every value. */
function expected(values: Float64Array, first: number, last: number): [low: number, high: number] {
  const finite = [...values.slice(first, last)].filter(Number.isFinite);
  return [Math.min(...finite), Math.max(...finite)];
}

function assertEqual(extremes: Extremes, values: Float64Array, first: number, last: number): void {
  const { low, high } = extremes.between(first, last);
  const found = low < 0 ? [Infinity, -Infinity] : [values[low], values[high]];
  assert.deepEqual(found, expected(values, first, last), `from ${first} to before ${last}`);
  if (low >= 0) assert.ok(low >= first && low < last && high >= first && high < last);
}

test("lowest and highest of every range, while values come", () => {
  const all = some(300);
  const extremes = new Extremes();
  for (const length of [1, 2, 3, 7, 8, 9, 64, 65, 200, 300]) {
    const values = all.slice(0, length);
    extremes.take(values);
    for (let first = 0; first < length; first += 1 + Math.floor(length / 20)) {
      for (let last = first; last <= length; last += 1 + Math.floor(length / 20)) assertEqual(extremes, values, first, last);
    }
  }
});

test("values that were changed are read again", () => {
  const values = some(129);
  const extremes = new Extremes();
  extremes.take(values);
  values[77] = 1e6;
  extremes.forget(77);
  extremes.take(values);
  assert.deepEqual(extremes.between(0, 129).high, 77);
  values[77] = NaN;
  extremes.forget(77);
  extremes.take(values);
  assertEqual(extremes, values, 0, 129);
});

test("what can't be drawn is never found", () => {
  const extremes = new Extremes(0);
  extremes.take(Float64Array.of(-5, 0, NaN, Infinity));
  assert.deepEqual(extremes.between(0, 4), { low: -1, high: -1 });
});

test("NaN is higher than any value", () => {
  assert.equal(higher(1, 2), 2);
  assert.equal(higher(2, 1), 2);
  for (const value of [1, Infinity, NaN]) assert.ok(Number.isNaN(higher(NaN, value)) && Number.isNaN(higher(value, NaN)));
});
