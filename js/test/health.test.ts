import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FindingLog } from "../widget/finding_log";
import { countText, healthOf } from "../widget/health";
import type { FindingEvent } from "../widget/protocol";

const at = (
  step: number,
  finding: string,
  status: FindingEvent["status"],
  severity: FindingEvent["severity"] = "warning",
): FindingEvent => ({
  event: "finding",
  time: step,
  step,
  finding,
  status,
  severity,
});

function health(start: number, last: number, ...events: FindingEvent[]) {
  const log = new FindingLog();
  for (const event of events) log.add(event);
  const { stretches, marks } = healthOf(log.all, start, last);
  return {
    stretches: stretches.map(({ from, to, tone }) => `${from}-${to} ${tone}`),
    marks: marks.map(({ step, came, went }) => `${step} ${came.map(({ kind }) => `+${kind}`)}${went.map(({ kind }) => `-${kind}`)}`),
  };
}

describe("the health of a run", () => {
  test("is good where nothing was found", () => {
    assert.deepEqual(health(0, 100), { stretches: ["0-100 good"], marks: [] });
    assert.deepEqual(health(0, 0), { stretches: [], marks: [] });
  });

  test("is as bad as the worst that holds", () => {
    const events = [at(10, "a", "found"), at(20, "b", "found", "error"), at(30, "b", "withdrawn"), at(40, "a", "withdrawn")];
    assert.deepEqual(health(0, 100, ...events), {
      stretches: ["0-10 good", "10-20 warn", "20-30 bad", "30-40 warn", "40-100 good"],
      marks: ["10 +a", "20 +b", "30 -b", "40 -a"],
    });
  });

  test("has a mark for what comes and goes, not for what gets worse", () => {
    const events = [at(10, "a", "found"), at(20, "a", "found", "error"), at(50, "a", "withdrawn"), at(50, "b", "found")];
    assert.deepEqual(health(0, 100, ...events), {
      stretches: ["0-10 good", "10-20 warn", "20-50 bad", "50-100 warn"],
      marks: ["10 +a", "50 +b-a"],
    });
  });

  test("of a run that begins where another one ended", () => {
    assert.deepEqual(health(40, 60, at(50, "a", "found")).stretches, ["40-50 good", "50-60 warn"]);
    assert.deepEqual(health(40, 60, at(30, "a", "found")).stretches, ["40-60 warn"]);
  });
});

test("how many there are, in words", () => {
  const log = new FindingLog();
  assert.equal(countText(log.shown), "");
  for (const [i, severity] of (["error", "warning", "warning"] as const).entries()) log.add(at(1, `kind ${i}`, "found", severity));
  assert.equal(countText(log.shown), "1 error, 2 warnings");
});
