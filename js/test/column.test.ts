import assert from "node:assert/strict";
import { test } from "node:test";
import { Column, lowerBound, nearest } from "../widget/column";

test("a column keeps what it was given while it grows", () => {
  const column = new Column(Float64Array);
  assert.equal(column.last, undefined);
  for (let i = 0; i < 1000; i++) column.push(i);
  column.append(Float64Array.from({ length: 5000 }, (_, i) => 1000 + i));
  assert.deepEqual([column.length, column.last, column.at(0), column.at(999), column.at(5999)], [6000, 5999, 0, 999, 5999]);
  assert.ok(column.values.every((value, i) => value === i));
});

test("its last values can be changed, taken away and cleared", () => {
  const column = new Column(Int32Array);
  column.append(Int32Array.of(1, 2, 3));
  column.set(1, 7);
  column.resize(2);
  assert.deepEqual([...column.values], [1, 7]);
  column.resize(1000);
  assert.deepEqual([column.length, column.at(0), column.at(1)], [1000, 1, 7]);
  column.clear();
  assert.deepEqual([column.length, column.last], [0, undefined]);
});

test("lowerBound is the first index whose value is at least the bound", () => {
  const values = Float64Array.of(1, 2, 2, 5, 9);
  const found = [0, 1, 2, 3, 9, 10].map((bound) => lowerBound(values, bound));
  assert.deepEqual(found, [0, 0, 1, 3, 4, 5]);
  assert.equal(lowerBound(values, 2, 2), 2);
  assert.equal(lowerBound(new Float64Array(0), 1), 0);
});

test("nearest takes the value before, where two are as near", () => {
  const values = Float64Array.of(1, 2, 5, 9);
  const found = [-7, 1.4, 1.5, 1.6, 7, 7.1, 99].map((wanted) => nearest(values, wanted));
  assert.deepEqual(found, [0, 0, 0, 1, 2, 3, 3]);
});
