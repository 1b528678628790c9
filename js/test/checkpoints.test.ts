import assert from "node:assert/strict";
import { test } from "node:test";
import { bestOf, checkpointAnnotations, scoreOf } from "../widget/checkpoints";
import type { Checkpoint, State } from "../widget/protocol";

const kept = (step: number, roles: Checkpoint["roles"], more: Partial<Checkpoint> = {}): Checkpoint => ({
  name: `step-${step}`,
  step,
  time: 1,
  roles,
  metric: "val_loss",
  value: 0.1702345,
  ...more,
});
const holding = (...checkpoints: Checkpoint[]): State => ({ status: "running", step: 1, folder: "a_run", checkpoints });

test("a checkpoint is labelled by what it is kept for", () => {
  const state = holding(kept(40, ["best", "last"]), kept(100, ["last"], { tag: "mine" }), kept(160, []));
  assert.deepEqual(
    checkpointAnnotations(state).map(({ step, label }) => [step, label]),
    [
      [40, "best, last"],
      [100, "last, mine"],
      [160, "step-160"],
    ],
  );
  assert.deepEqual(checkpointAnnotations(null), []);
});

test("the best one is the last of those that were best", () => {
  assert.equal(bestOf(holding(kept(40, ["best"]), kept(120, ["best", "last"]), kept(130, [])))!.step, 120);
  assert.equal(bestOf(holding(kept(100, ["last"]))), undefined);
  assert.equal(bestOf(null), undefined);
});

test("a score is the monitored value, or else the step", () => {
  assert.equal(scoreOf(kept(120, [])), "val_loss 0.1702 at step 120");
  assert.equal(scoreOf(kept(60, [], { metric: null, value: null })), "step 60");
  assert.equal(scoreOf(kept(60, [], { value: "nan" })), "step 60");
});
