import assert from "node:assert/strict";
import { test } from "node:test";
import { evidenceRows } from "../widget/evidence";

test("numbers have the one notation, names their words", () => {
  const evidence = { first_layer: 1.23456e-7, share: 0.5, output: [32, 1], loss: "nll_loss", is_training: false, nothing: null };
  assert.deepEqual(evidenceRows(evidence), [
    ["first layer", "1.235e-7"],
    ["share", "0.5"],
    ["output", "32, 1"],
    ["loss", "nll_loss"],
    ["is training", "no"],
  ]);
  assert.deepEqual(evidenceRows(undefined), []);
});

test("what is long or nested stays on one line", () => {
  const rows = evidenceRows({
    layers: Array.from({ length: 30 }, (_, i) => i),
    recall: { cat: 0.25, big_dog: 1 },
    text: `a\n${"b".repeat(200)}`,
  });
  assert.equal(rows[0][1], "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, … 30 in all");
  assert.equal(rows[1][1], "cat 0.25, big dog 1");
  assert.equal(rows[2][1].length, 80);
});
