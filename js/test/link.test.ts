import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { Faults } from "../widget/faults";
import { Link } from "../widget/link";
import type { CommandEvent, Status, Update } from "../widget/protocol";
import { Store } from "../widget/store";
import { Model } from "./model";
import { rows } from "./rows";

globalThis.requestAnimationFrame = () => 0;

let [model, store, link]: [Model, Store, Link] = [] as never;

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  model = new Model();
  store = new Store("a_run", "digits", new Faults(undefined as never));
  link = new Link(model as never, store);
});
afterEach(() => {
  link.dispose();
  mock.timers.reset();
});

/** Time passes; a clock that is moved in one go would run each timer once only. */
function wait(seconds: number): void {
  for (let ms = 0; ms < 1000 * seconds; ms += 50) mock.timers.tick(50);
}
const state = (status: Status) => ({ status, step: 1, folder: "a_run" });
const tell = (more: Partial<Update> = {}) =>
  model.emit("msg:custom", { kind: "update", tables: [], acknowledged: [], route: null, ...more }, []);
/** Everything sent so far has arrived. */
const acknowledge = (more: Partial<Update> = {}) => tell({ acknowledged: model.sent.map(({ id }) => id), ...more });
const named = (command: string) => model.sent.filter((one) => one.command === command);
const ask = (command: "pause" | "evaluate") => link.send({ command, arguments: {} });
const outcome = (status: CommandEvent["status"]): CommandEvent => ({
  event: "command",
  command: "pause",
  time: 1,
  step: 1,
  status,
  id: named("pause")[0].id,
});

test("a view asks for all that there is, and later for its route", () => {
  assert.deepEqual(
    model.sent.map(({ command }) => command),
    ["snapshot"],
  );
  acknowledge({ state: state("running") });
  wait(2);
  assert.deepEqual(
    model.sent.map(({ command }) => command),
    ["snapshot", "hello", "hello", "hello"],
  );
});

describe("a message", () => {
  beforeEach(() => acknowledge({ state: state("running") }));

  test("is sent until it is acknowledged, and is then waited for until its outcome is known", () => {
    ask("pause");
    wait(1);
    assert.equal(named("pause").length, 5);
    assert.equal(new Set(named("pause").map(({ id }) => id)).size, 1);
    acknowledge();
    wait(1);
    assert.deepEqual([named("pause").length, link.isOutstanding("pause"), link.outstanding("pause")], [5, true, [{}]]);
    tell({ events: { start: 0, rows: [outcome("requested")] } });
    assert.equal(link.isOutstanding("pause"), true);
    tell({ events: { start: 1, rows: [outcome("refused")] } });
    assert.equal(link.isOutstanding("pause"), false);
  });

  test("that waits unusually long is said to", () => {
    ask("pause");
    wait(2.5);
    assert.equal(link.unanswered, false);
    wait(1);
    assert.equal(link.unanswered, true);
    acknowledge();
    assert.equal(link.unanswered, false);
  });

  test("is repeated more and more seldom, and after two minutes no more", () => {
    ask("pause");
    for (let i = 0; i < 130; i++) {
      wait(1);
      tell(); // it is heard of, so it is only busy
    }
    const count = named("pause").length;
    assert.ok(count > 20 && count < 60, `${count} times`);
    wait(60);
    assert.equal(named("pause").length, count);
  });

  test("that a closed comm throws at is sent when it is open again", () => {
    model.isOpen = false;
    ask("pause");
    model.isOpen = true;
    wait(0.5);
    assert.ok(named("pause").length > 0);
  });
});

describe("a kernel that is gone", () => {
  beforeEach(() => acknowledge({ state: state("running") }));

  test("is noticed when nothing is heard for some seconds", () => {
    wait(5);
    tell();
    wait(6);
    assert.equal(store.lost, null);
    wait(2);
    assert.equal(store.lost, "silent");
  });

  test("is noticed at once when JupyterLab says so", () => {
    model.emit("comm_live_update");
    assert.equal(store.lost, "closed");
  });

  test("is asked for nothing any more, and what was asked for is forgotten", () => {
    ask("pause");
    model.emit("comm_live_update");
    const count = named("pause").length;
    wait(10);
    assert.deepEqual([named("pause").length, link.isOutstanding("pause")], [count, false]);
  });

  test("is asked again for what a view has not got yet", () => {
    const asked = named("snapshot").length;
    tell({ events: { start: 5, rows: [] } }); // five are missing
    model.emit("comm_live_update");
    wait(1);
    assert.ok(named("snapshot").length > asked + 1);
  });

  test("and comes back is asked for all that was missed", () => {
    wait(9);
    const before = named("snapshot").length;
    tell();
    assert.deepEqual([store.lost, named("snapshot").length], [null, before + 1]);
  });

  test("is not waited for by a run that is over", () => {
    tell({ state: state("finished") });
    model.emit("comm_live_update");
    wait(9);
    assert.equal(store.lost, null);
  });
});

test("rows behind a gap have all that there is asked for once", () => {
  acknowledge({ state: state("running") });
  const { header } = rows("train", { _step: [101], loss: [1] }, { start: 100 });
  tell({ tables: [header] });
  tell({ tables: [header] });
  assert.equal(new Set(named("snapshot").map(({ id }) => id)).size, 2);
});

test("a file is asked for once, is no command, and is there when it has come", () => {
  assert.equal(link.files.get("a.txt"), undefined);
  link.files.get("a.txt");
  assert.deepEqual([named("media").map((one) => "file" in one && one.file), link.outstandingCommands], [["a.txt"], []]);
  model.emit("msg:custom", { kind: "media", file: "a.txt", problem: null }, [new DataView(new ArrayBuffer(7))]);
  assert.equal(link.files.get("a.txt")?.bytes.length, 7);
});

test("a view that is removed listens and sends no more", () => {
  const count = model.sent.length;
  link.dispose();
  wait(10);
  assert.deepEqual([model.listeners.size, model.sent.length], [0, count]);
});
