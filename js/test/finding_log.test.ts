import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Finding, FindingLog, nameOf, titleOf } from "../widget/finding_log";
import type { FindingEvent } from "../widget/protocol";
import CASES from "./findings.json";

type Given = Omit<FindingEvent, "event" | "time">;

function logOf(...events: Given[]): FindingLog {
  const log = new FindingLog();
  events.forEach((event, i) => log.add({ event: "finding", time: 100 + i, ...event }));
  return log;
}
const plateau = (step: number, status: FindingEvent["status"], more: Partial<Given> = {}): Given => ({
  finding: "plateau",
  step,
  status,
  ...more,
});

describe("as run.findings replays them", () => {
  const names = (findings: Finding[]) => findings.map(({ kind, where }) => [kind, where]);
  for (const { case: name, events, shown, muted, withdrawn } of CASES) {
    test(name, () => {
      const log = logOf(...(events as Given[]));
      assert.deepEqual([names(log.shown), names(log.muted), names(log.withdrawn)], [shown, muted, withdrawn]);
    });
  }
});

test("what is said last is kept, beside the step and the time at which it came", () => {
  const [one] = logOf(plateau(3, "found", { advice: "a" }), plateau(9, "found", { advice: "b" })).shown;
  assert.deepEqual([one.event.advice, one.since, one.time], ["b", 3, 100]);
  const [again] = logOf(plateau(3, "found"), plateau(5, "withdrawn"), plateau(9, "found")).shown;
  assert.deepEqual([again.since, again.time], [9, 102]);
});

test("the stretches in which it held, each as bad as it was", () => {
  const log = logOf(plateau(3, "found"), plateau(5, "withdrawn"), plateau(9, "found"), plateau(12, "found", { severity: "error" }));
  assert.deepEqual(log.all[0].stretches, [
    { from: 3, severity: "warning", to: 5 },
    { from: 9, severity: "warning", to: 12 },
    { from: 12, severity: "error" },
  ]);
});

test("words: those of the event, or else the name of the kind", () => {
  const named = (more: Partial<Given>) => logOf(plateau(1, "found", more)).all[0];
  assert.equal(titleOf(named({ finding: "dead_relu" })), "Dead ReLU");
  assert.equal(titleOf(named({ finding: "lr_too_high" })), "Learning rate too high");
  assert.equal(titleOf(named({ finding: "my_rule", label: "mine\n" })), "Mine");
  assert.equal(nameOf(named({ where: "fc1" })), "Plateau in fc1");
  assert.equal(nameOf(named({})), "Plateau");
});
