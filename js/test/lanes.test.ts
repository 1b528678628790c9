import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { linkPath } from "../data/lanes";

describe("linkPath", () => {
  it("is straight within a lane, parts at once, and joins at the end", () => {
    assert.equal(linkPath({ lane: 0, row: 10 }, { lane: 0, row: 90 }, 20), "M8 10V90");
    assert.equal(linkPath({ lane: 0, row: 10 }, { lane: 1, row: 90 }, 20), "M8 10C8 20 24 20 24 30V90");
    assert.equal(linkPath({ lane: 1, row: 10 }, { lane: 0, row: 90 }, 20), "M24 10V70C24 80 8 80 8 90");
  });
});
