import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bandAt, bandsAt, nextHole, pixelsOf } from "../data/bands";

describe("a strip of bands", () => {
  const bands = Uint8Array.from([0, 0, 255, 0, 0, 1, 0, 0]);

  it("has several pixels for a band, or several bands for a pixel", () => {
    assert.deepEqual(
      [0, 1, 2, 3].map((x) => bandsAt(x, 4, 2)),
      [
        [0, 1],
        [0, 1],
        [1, 2],
        [1, 2],
      ],
    );
    assert.deepEqual(
      [0, 1].map((x) => bandsAt(x, 2, 8)),
      [
        [0, 4],
        [4, 8],
      ],
    );
  });
  it("shows a single hole among many rows", () => {
    assert.deepEqual([...pixelsOf(bands, 4)], [0, 0.5, 0.25, 0]);
  });
  it("takes a click for one on the hole that is there", () => {
    assert.deepEqual([bandAt(bands, 0, 2), bandAt(bands, 1, 2), bandAt(bands, 0, 8)], [2, 5, 0]);
  });
  it("is walked from hole to hole", () => {
    assert.deepEqual(
      [nextHole(bands, -1, 1), nextHole(bands, 2, 1), nextHole(bands, 5, 1), nextHole(bands, 8, -1), nextHole(bands, 2, -1)],
      [2, 5, 5, 5, 2],
    );
  });
});
