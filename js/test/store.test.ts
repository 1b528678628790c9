import assert from "node:assert/strict";
import { test } from "node:test";
import { Faults } from "../widget/faults";
import type { Event, Update } from "../widget/protocol";
import { Store } from "../widget/store";
import { type Rows, range, rows } from "./rows";

globalThis.requestAnimationFrame = () => 0;

const newStore = () => new Store("a_run", "digits", new Faults(undefined as never));
const events = (first: number, last: number): Event[] => range(first, last).map((step) => ({ event: "note", time: 1, step }));

/** An update with rows and events; returns whether nothing is missing before them. */
function apply(store: Store, parts: Rows[], more: Partial<Update> = {}): boolean {
  const update: Update = {
    kind: "update",
    acknowledged: [],
    route: null,
    state: { status: "running", step: 1, folder: "a_run" },
    events: { start: 0, rows: [] },
    tables: parts.map(({ header }) => header),
    ...more,
  };
  return store.apply(
    update,
    parts.flatMap(({ buffers }) => buffers),
  );
}
const piece = (first: number, last: number): Rows =>
  rows("train", { _step: range(first, last), loss: range(first, last) }, { start: first - 1 });

test("a gap is noticed, and what is behind it is not taken for what belongs there", () => {
  const store = newStore();
  assert.equal(apply(store, [piece(1, 96)]), true);
  assert.equal(apply(store, [piece(101, 203)]), false);
  assert.equal(store.tables.get("train")!.step.last, 96);
  assert.equal(apply(store, [piece(1, 203)]), true);
  assert.equal(store.tables.get("train")!.step.last, 203);
});

test("rows go to their tables, each with as many buffers as it has columns", () => {
  const store = newStore();
  const gradients = rows("gradients", {
    _step: [1, 2],
    total: [3, 4],
    norm: [
      [1, 2],
      [3, 4],
    ],
  });
  assert.equal(apply(store, [piece(1, 2), gradients, rows("valid", { _step: [2], val_loss: [7] })]), true);
  const [train, norms, valid] = ["train", "gradients", "valid"].map((key) => store.tables.get(key)!);
  assert.deepEqual([train.columns.get("loss")!.last, norms.columns.get("total")!.last, valid.columns.get("val_loss")!.last], [2, 4, 7]);
  assert.deepEqual([...norms.maxima.get("norm")!.level(0)], [1, 2, 3, 4]);
});

test("events that come twice count once, and a gap between them is noticed", () => {
  const store = newStore();
  assert.equal(apply(store, [], { events: { start: 0, rows: events(1, 3) } }), true);
  const { version } = store.eventLog;
  assert.equal(apply(store, [], { events: { start: 1, rows: events(2, 3) } }), true);
  assert.equal(store.eventLog.version, version);
  assert.equal(apply(store, [], { events: { start: 2, rows: events(3, 4) } }), true);
  assert.equal(store.eventLog.version, version + 1);
  assert.equal(apply(store, [], { events: { start: 7, rows: events(8, 9) } }), false);
});

test("a run that is over, or of which nothing is heard, can't be steered", () => {
  const store = newStore();
  assert.equal(store.isSteerable, true);
  store.lose("silent");
  assert.equal(store.isSteerable, false);
  store.lose(null);
  apply(store, [], { state: { status: "finished", step: 9, folder: "a_run" } });
  assert.equal(store.isSteerable, false);
});
