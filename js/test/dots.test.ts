import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stacked } from "../data/dots";

describe("stacked", () => {
  it("puts dots that would overlap on top of each other", () => {
    assert.deepEqual(stacked([5, 0, 1, 5], 2), [
      { at: 0, level: 0 },
      { at: 1, level: 1 },
      { at: 5, level: 0 },
      { at: 5, level: 1 },
    ]);
  });
});
