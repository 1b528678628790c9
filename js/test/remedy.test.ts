import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { Faults } from "../widget/faults";
import { Link } from "../widget/link";
import { Planning } from "../widget/planning";
import type { CommandEvent, Event, PlanEvent, State, TrialEvent } from "../widget/protocol";
import { remedyOutcome } from "../widget/remedy_outcome";
import { Store } from "../widget/store";
import { Model } from "./model";

globalThis.requestAnimationFrame = () => 0;

const CLIP = { command: "clip", arguments: { percentile: 90, by: { b: 1, a: 2 } } };
/** The same with its names in another order. */
const ASKED = { by: { a: 2, b: 1 }, percentile: 90 };
const FOUND = { limit: 1.5 };

let [model, store, link, planning]: [Model, Store, Link, Planning] = [] as never;
let events: Event[] = [];

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  events = [];
  model = new Model();
  store = new Store("a_run", "digits", new Faults(undefined as never));
  link = new Link(model as never, store);
  planning = new Planning(CLIP, store, link);
  tell();
});
afterEach(() => {
  link.dispose();
  mock.timers.reset();
});

/** All that was sent has arrived, and this has happened since. */
function tell(fresh: Event[] = [], more: Partial<State> = {}): void {
  const state: State = { status: "running", step: 1, folder: "a_run", remedies: ["clip"], ...more };
  const rows = { start: events.length, rows: fresh };
  events.push(...fresh);
  model.emit(
    "msg:custom",
    { kind: "update", tables: [], acknowledged: model.sent.map(({ id }) => id), route: null, state, events: rows },
    [],
  );
  planning.settle();
}
const asked = () => model.sent.filter(({ command }) => command !== "snapshot") as unknown as CommandEvent[];
const plan = (more: Partial<PlanEvent> = {}): PlanEvent => ({
  event: "plan",
  time: 3,
  step: 3,
  remedy: "clip",
  asked: ASKED,
  arguments: FOUND,
  ...more,
});
/** What became of the last command that was sent. */
const outcome = (status: CommandEvent["status"], more: Partial<CommandEvent> = {}): CommandEvent => ({
  ...(asked().pop() as CommandEvent),
  event: "command",
  time: 4,
  step: 4,
  status,
  ...more,
});
const told = () => remedyOutcome(store.eventLog, CLIP, 2)?.text;

describe("a plan", () => {
  test("is asked for once, shown when it comes, and applied with what it has found", () => {
    planning.ask();
    planning.ask();
    assert.deepEqual([asked().map(({ command }) => command), planning.isWaiting], [["plan"], true]);
    tell([plan({ remedy: "other" }), plan(), outcome("applied")]);
    assert.deepEqual([planning.isWaiting, planning.plan?.arguments], [false, FOUND]);
    planning.apply();
    planning.apply();
    assert.deepEqual([asked().length, asked()[1].command, asked()[1].arguments, planning.isApplying], [2, "clip", FOUND, true]);
    planning.cancel();
    tell([outcome("requested")]);
    assert.equal(planning.isApplying, true);
    tell([outcome("applied", { id: asked()[1].id })]);
    assert.deepEqual([planning.isApplying, planning.plan, told()], [false, undefined, "applied at step 4"]);
  });

  test("that another view has asked for is not shown, nor one that was cancelled", () => {
    tell([plan()]);
    assert.equal(planning.plan, undefined);
    planning.ask();
    assert.equal(planning.plan, undefined);
    planning.cancel();
    tell([plan(), outcome("applied")]);
    assert.equal(planning.plan, undefined);
  });

  test("that is wanted again before it has come is not sent again", () => {
    planning.ask();
    planning.cancel();
    planning.ask();
    assert.equal(asked().length, 1);
    tell([plan(), outcome("applied")]);
    assert.notEqual(planning.plan, undefined);
  });

  for (const status of ["refused", "failed"] as const) {
    test(`that is ${status} can be asked for again`, () => {
      planning.ask();
      tell([outcome(status, { reason: "no gradients yet" })]);
      assert.deepEqual([planning.isWaiting, told()], [false, `${status}: no gradients yet`]);
      planning.ask();
      assert.equal(asked().length, 2);
    });
  }

  test("waits for nothing when the run ends, or is lost", () => {
    planning.ask();
    tell([], { status: "finished" });
    assert.equal(planning.isWaiting, false);
    tell();
    planning.ask();
    tell([plan(), outcome("applied")]);
    planning.apply();
    model.emit("comm_live_update");
    planning.settle();
    assert.deepEqual([planning.isApplying, planning.plan], [false, undefined]);
    planning.ask();
    assert.equal(planning.isWaiting, false);
  });

  test("is offered only where the run says so", () => {
    assert.equal(planning.isOffered, true);
    tell([], { remedies: undefined });
    assert.equal(planning.isOffered, false);
  });
});

describe("what became of a remedy", () => {
  const clip = (id: string, time: number, more: Partial<CommandEvent> = {}): CommandEvent => ({
    event: "command",
    command: "clip",
    status: "applied",
    time,
    step: time,
    id,
    arguments: ASKED,
    ...more,
  });
  const undo = (id: string, of: string, time: number) => clip(id, time, { command: "undo", arguments: { id: of } });
  const trial = (status: TrialEvent["status"], id: string, step: number): TrialEvent => ({ event: "trial", time: step, step, id, status });

  test("is what the newest command says, whether it was planned or not", () => {
    tell([clip("early", 1)]);
    assert.equal(told(), undefined);
    tell([clip("a", 3)]);
    assert.equal(told(), "applied at step 3");
    tell([clip("b", 5, { arguments: FOUND })]);
    assert.equal(told(), "applied at step 3"); // that is not known as a form of it
    tell([plan(), clip("c", 6, { arguments: FOUND, status: "failed", reason: "no room" })]);
    assert.equal(told(), "failed: no room");
    tell([clip("d", 7, { status: "requested" })]);
    assert.equal(told(), undefined);
  });

  test("it was kept, or taken back, and that was taken back", () => {
    tell([clip("a", 3), trial("compared", "a", 8)]);
    assert.deepEqual([told(), store.eventLog.remedies.comparison("a")?.step], ["applied at step 3", 8]);
    tell([trial("kept", "a", 9)]);
    assert.equal(told(), "applied at step 3, kept at step 9");
    tell([undo("u", "a", 11)]);
    assert.equal(told(), "taken back at step 11");
    tell([undo("v", "u", 12)]);
    assert.equal(told(), "applied at step 3, kept at step 9");
  });

  test("a refused plan counts as long as nothing came after it", () => {
    tell([clip("p", 3, { command: "plan", arguments: { remedy: "clip", arguments: ASKED }, status: "refused", reason: "why" })]);
    assert.equal(told(), "refused: why");
    tell([clip("a", 4)]);
    assert.equal(told(), "applied at step 4");
  });
});
