import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { EventLog, isUndone } from "../widget/event_log";
import type { CommandEvent, EarlyStopEvent, Event } from "../widget/protocol";

const command = (id: string, step: number, more: Partial<CommandEvent> = {}): CommandEvent => ({
  event: "command",
  command: "scale_lr",
  status: "applied",
  time: 1,
  step,
  id,
  label: `lr ${id}`,
  ...more,
});
const undo = (id: string, of: string, step: number): CommandEvent =>
  command(id, step, { command: "undo", label: "undo", arguments: { id: of } });
const earlyStop = (status: EarlyStopEvent["status"], step: number): EarlyStopEvent => ({
  event: "early_stop",
  status,
  time: 1,
  step,
  label: "early stop",
});

function logOf(...events: Event[]): EventLog {
  const log = new EventLog();
  log.append(events);
  return log;
}
const ids = (log: EventLog, most = 99) => log.recent(most).map(({ event }) => event.id);
const marks = ({ annotations }: EventLog) => annotations.map(({ step, label }) => `${step} ${label}`);

describe("commands", () => {
  test("are listed newest first, by their newest event", () => {
    const log = logOf(command("a", 1, { status: "requested" }), command("b", 2), command("c", 3), command("a", 9));
    assert.deepEqual([ids(log), ids(log, 2), log.count], [["a", "c", "b"], ["a", "c"], 3]);
    assert.equal(log.command("a")!.event.step, 9);
  });

  test("are settled when their outcome is known", () => {
    const log = logOf(command("a", 1, { status: "requested" }), command("b", 1, { status: "refused" }));
    assert.deepEqual(
      ["a", "b", "c"].map((id) => log.isSettled(id)),
      [false, true, false],
    );
    log.append([command("a", 2, { status: "failed" })]);
    assert.equal(log.isSettled("a"), true);
  });

  test("without an id are each their own", () => {
    const log = logOf(command("", 1, { id: undefined }), command("", 2, { id: undefined }));
    assert.deepEqual([log.count, log.recent(9).map(({ event }) => event.step)], [2, [2, 1]]);
  });

  test("leave a mark once, where they took effect", () => {
    const requested = command("a", 1, { status: "requested", label: undefined });
    const log = logOf(
      requested,
      command("a", 5),
      command("a", 6),
      command("b", 7, { label: undefined }),
      command("c", 8, { status: "refused" }),
    );
    assert.deepEqual(marks(log), ["5 lr a"]);
  });
});

describe("undoing", () => {
  test("takes a command back, and undoing that brings it into force again", () => {
    const log = logOf(command("a", 1), undo("u", "a", 2));
    assert.equal(isUndone(log.command("a")!), true);
    log.append([undo("v", "u", 3)]);
    assert.deepEqual([isUndone(log.command("a")!), isUndone(log.command("u")!)], [false, true]);
  });

  test("a refused undo takes nothing back", () => {
    assert.equal(isUndone(logOf(command("a", 1), { ...undo("u", "a", 2), status: "refused" }).command("a")!), false);
  });

  test("of itself, of a later command or of nothing does no harm", () => {
    const log = logOf(undo("x", "y", 1), undo("y", "x", 2), undo("x", "y", 3), undo("z", "z", 4), {
      ...undo("w", "a", 5),
      arguments: { id: 3 },
    });
    assert.deepEqual(
      ["x", "y", "z", "w"].map((id) => isUndone(log.command(id)!)),
      [true, false, false, false],
    );
  });
});

test("early stopping leaves a mark that goes when it is taken back", () => {
  const log = logOf(earlyStop("would_stop", 3), earlyStop("stopped", 5));
  assert.deepEqual(
    log.annotations.map(({ step, isFaint, isEarlyStop }) => [step, isFaint, isEarlyStop]),
    [
      [3, true, false],
      [5, false, true],
    ],
  );
  log.append([earlyStop("taken_back", 5)]);
  assert.deepEqual([marks(log), log.earlyStop?.status], [["3 early stop"], "taken_back"]);
});

test("what an evaluation found is a curve of its own, with the mean of those at one step", () => {
  const found = (step: number, val_loss: number | "nan"): Event => ({
    event: "validation",
    status: "evaluated",
    time: 1,
    step,
    metrics: { val_loss, acc: "inf" },
  });
  const { evaluated } = logOf(found(10, 1), found(20, 2), found(20, 4), found(30, "nan"), { ...found(40, 9), status: "partial" } as Event);
  const curve = evaluated.get("val_loss")!;
  assert.deepEqual(
    [[...curve.step.values], [...curve.value.values]],
    [
      [10, 20, 30],
      [1, 3, NaN],
    ],
  );
  assert.equal(evaluated.get("acc")!.value.last, Infinity);
});

test("of checkpoints and budgets the last one is kept", () => {
  const at = (step: number): Event[] => [
    { event: "checkpoint", time: 1, step },
    { event: "budget", time: 1, step },
  ];
  const { checkpoint, budget } = logOf(...at(1), ...at(2));
  assert.deepEqual([checkpoint?.step, budget?.step], [2, 2]);
});

test("what became of a command since a time", () => {
  const halve = (id: string, time: number, more: Partial<CommandEvent> = {}) =>
    command(id, time, { time, arguments: { factor: 0.5, optimizer: "d" }, ...more });
  const wanted = ({ optimizer, factor }: Record<string, unknown>) => optimizer === "d" && factor === 0.5;
  const log = logOf(halve("a", 1), halve("b", 5, { status: "requested" }), command("c", 6, { time: 6, arguments: { factor: 2 } }));
  assert.equal(log.since(2, "scale_lr", wanted)?.event.status, "requested");
  log.append([halve("b", 7)]);
  assert.equal(log.since(2, "scale_lr", wanted)?.event.step, 7);
  assert.equal(log.since(8, "scale_lr", wanted), undefined);
  assert.equal(
    log.since(0, "scale_lr", () => false),
    undefined,
  );
  assert.equal(log.since(0, "pause", wanted), undefined);
});

test("what was shown is kept by name, and is no command", () => {
  const shown = (name: string | undefined, step: number): Event => ({ event: "media", kind: "text", name, time: 1, step });
  const { media, count } = logOf(shown("a", 1), shown("constructor", 1), shown("a", 2), shown(undefined, 3));
  assert.deepEqual([[...media.keys()], media.get("a")?.map(({ step }) => step), count], [["a", "constructor"], [1, 2], 0]);
});

test("a kind that it does not know is ignored", () => {
  const log = logOf({ event: "eclipse", time: 1, step: 1, label: "dark" } as never, { event: "note", time: 1, step: 2, label: "a note" });
  assert.deepEqual([log.count, marks(log), log.version], [0, [], 1]);
});

test("its version changes with new events only", () => {
  const log = new EventLog(7);
  log.append([]);
  assert.equal(log.version, 7);
  log.append([command("a", 1)]);
  assert.equal(log.version, 8);
});
