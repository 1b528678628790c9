import assert from "node:assert/strict";
import { test } from "node:test";
import { ordered } from "../widget/order";

const none = () => false;

test("at rest the order is the wanted one", () => {
  assert.deepEqual(ordered(["a", "b"], ["c", "b"], none, true), ["c", "b"]);
  assert.deepEqual(ordered([], ["a"], none, true), ["a"]);
});

test("while a person is at it, what is there stays where it is, and what is new comes behind", () => {
  assert.deepEqual(ordered(["a", "b"], ["c", "b", "a"], none, false), ["a", "b", "c"]);
  assert.deepEqual(ordered(["a", "b"], ["c", "b"], none, false), ["b", "c"]);
});

test("what is kept stays although it is not wanted any more", () => {
  for (const isAtRest of [true, false]) {
    assert.deepEqual(
      ordered(["a", "b"], ["c", "b"], (key) => key === "a", isAtRest),
      ["a", "b", "c"],
    );
  }
});
