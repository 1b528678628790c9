import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fromHighest, spreadOf } from "../data/spread";

describe("spreadOf", () => {
  const ordinary = Array.from({ length: 100 }, (_, i) => i);

  it("leaves out what lies far beyond the others, and nothing else", () => {
    assert.deepEqual(spreadOf(Float64Array.from(ordinary)), [0, 99]);
    const [low, high] = spreadOf(Float64Array.from([...ordinary, 1e6]));
    assert.ok(low === 0 && high > 99 && high < 200);
  });
  it("takes any values", () => {
    assert.deepEqual(spreadOf(Float64Array.from([3, 3, 3])), [3, 3]);
    assert.deepEqual(spreadOf(Float64Array.from([NaN, Infinity])), [0, 1]);
    assert.deepEqual(spreadOf(Float64Array.from([...ordinary.map(() => 0), 7])), [0, 7]);
  });
});

describe("fromHighest", () => {
  it("keeps what is equal in its order", () => {
    assert.deepEqual(fromHighest(Float32Array.from([1, 3, 1, 2])), [1, 3, 0, 2]);
  });
});
