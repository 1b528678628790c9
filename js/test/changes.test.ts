import assert from "node:assert/strict";
import { test } from "node:test";
import { changeDetector } from "../widget/changes";

test("a change is told once, and goes by what is in the values", () => {
  const hasChanged = changeDetector();
  assert.equal(hasChanged(1, null, ["a", { b: 2 }]), true);
  assert.equal(hasChanged(1, null, ["a", { b: 2 }]), false);
  assert.equal(hasChanged(1, null, ["a", { b: 3 }]), true);
  assert.equal(hasChanged(1, null, ["a", { b: 2 }]), true);
});

test("the first call is a change, even without values", () => {
  const hasChanged = changeDetector();
  assert.equal(hasChanged(), true);
  assert.equal(hasChanged(), false);
});
