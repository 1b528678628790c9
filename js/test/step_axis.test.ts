import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Curve } from "../widget/curve";
import { EventLog } from "../widget/event_log";
import type { State } from "../widget/protocol";
import { byHalves, StepAxis } from "../widget/step_axis";
import type { TableHolder } from "../widget/table";
import { Viewport } from "../widget/viewport";
import { range, rows, tableOf } from "./rows";

const state = (more: Partial<State> = {}): State => ({ status: "running", step: 1, folder: "a_run", ...more });

/** The epoch of each step from 1 on. */
function epochs(steps: number, perEpoch: number): Curve {
  const curve = new Curve("epoch");
  for (let step = 1; step <= steps; step++) curve.push(step, Math.floor((step - 1) / perEpoch));
  return curve;
}
const axisOf = (steps: number, perEpoch: number, more: Partial<State>) => new StepAxis(epochs(steps, perEpoch), steps, state(more));

describe("the step axis", () => {
  test("tells how many epochs are done at a step, as its ticks do", () => {
    const axis = axisOf(150, 80, { epochs: 5, batches: 80 });
    assert.deepEqual(
      [0, 40, 80, 120, 150].map((step) => axis.told(step)),
      ["0.0 epochs", "0.5 epochs", "1.0 epochs", "1.5 epochs", "1.9 epochs"],
    );
    assert.equal(axisOf(150, 400, { epochs: 1, batches: 400 }).told(40), "");
    axis.isPlain = true;
    assert.equal(axis.told(40), "");
  });

  test("reaches to the end of the last epoch, as long as the run goes on", () => {
    assert.equal(axisOf(150, 80, { epochs: 5, batches: 80 }).end, 400);
    assert.equal(axisOf(150, 80, { epochs: 5, batches: 80, status: "paused" }).end, 400);
    assert.equal(axisOf(150, 80, { epochs: 5, batches: 80, status: "stopped" }).end, 150);
    assert.equal(axisOf(500, 80, { epochs: 5, batches: 80 }).end, 500); // longer than planned
  });

  test("does not, as long as less than a third is done, and grows by halves until then", () => {
    const far = axisOf(28 * 20, 20, { epochs: 100_000, batches: 20, epoch: 27 });
    assert.deepEqual([far.end, far.goal], [32 * 20, { done: 28, planned: 100_000, unit: "epochs" }]);
    const ends = [1, 8, 9, 19, 20, 21, 40, 41, 61, 90, 3000].map((steps) => axisOf(steps, 20, { epochs: 1e5, batches: 20 }).end);
    assert.deepEqual(ends, [8, 8, 12, 24, 24, 40, 40, 60, 80, 120, 3840]);
    assert.equal(axisOf(2000, 20, { epochs: 300, batches: 20 }).goal, undefined);
    assert.equal(axisOf(1999, 20, { epochs: 300, batches: 20 }).goal?.planned, 300);
    const over = axisOf(28 * 20, 20, { epochs: 100_000, batches: 20, status: "finished" });
    assert.deepEqual([over.end, over.goal], [28 * 20, undefined]);
  });

  test("of a loop without epochs tells of steps", () => {
    const { end, goal } = new StepAxis(new Curve("epoch"), 350, state({ batches: 100_000 }));
    assert.deepEqual([end, goal], [384, { done: 350, planned: 100_000, unit: "steps" }]);
  });

  test("changes its end rarely", () => {
    const ends = range(1, 30_000).map((steps) => new StepAxis(new Curve("epoch"), steps, state({ batches: 1e5 })).end);
    assert.ok(new Set(ends).size < 30);
    assert.deepEqual([1, 2, 2.1, 3, 5, 6, 7].map(byHalves), [1, 2, 3, 3, 6, 6, 8]);
  });

  test("without a length of the epochs goes by the last whole one", () => {
    assert.equal(axisOf(170, 80, { epochs: 4 }).end, 320);
    assert.equal(axisOf(50, 80, { epochs: 4 }).end, 50); // none is over
  });

  test("begins before the first step that is known", () => {
    const curve = new Curve("epoch");
    curve.push(101, 2);
    const axis = new StepAxis(curve, 101, null);
    assert.deepEqual([axis.start, axis.end], [100, 101]);
    const empty = new StepAxis(new Curve("epoch"), 0, null);
    assert.deepEqual([empty.start, empty.end], [0, 1]);
  });

  test("has the ends of epochs as ticks, if at least two are in view", () => {
    const axis = axisOf(150, 80, { epochs: 5, batches: 80 });
    assert.deepEqual(axis.ticks(0, 400, 8), { at: [0, 80, 160, 240, 320, 400], labels: ["0", "1", "2", "3", "4", "5"], unit: "epoch" });
    assert.equal(axis.ticks(10, 90, 8).unit, "step");
  });

  test("has no more of them than there is room for", () => {
    const axis = axisOf(2000, 20, { epochs: 100, batches: 20 });
    const { labels, unit } = axis.ticks(0, 2000, 8);
    assert.deepEqual([labels, unit], [["0", "20", "40", "60", "80", "100"], "epoch"]);
  });

  test("has round steps otherwise", () => {
    const axis = new StepAxis(new Curve("epoch"), 90_000, null);
    assert.deepEqual(axis.ticks(0, 90_000, 8).labels, ["0", "20k", "40k", "60k", "80k"]);
    assert.deepEqual(axis.ticks(0, 3, 8).at, [0, 1, 2, 3]);
    assert.deepEqual(axis.ticks(1e6, 3e6, 8).labels, ["1M", "1.5M", "2M", "2.5M", "3M"]);
    assert.deepEqual(axis.ticks(10_000, 10_010, 8).labels, ["10,000", "10,002", "10,004", "10,006", "10,008", "10,010"]);
  });
});

describe("the viewport", () => {
  /** What tells it of 200 steps. */
  class Source implements TableHolder {
    tables = new Map([["train", tableOf(rows("train", { _step: range(1, 200), epoch: range(0, 199).map((i) => Math.floor(i / 50)) }))]]);
    state: State | null = null;
    eventLog = new EventLog();
    version = 0;
    touched = 0;
    touch(): void {
      this.touched++;
    }
  }
  const viewOf = (source = new Source()) => new Viewport(source);

  test("shows the whole run at first", () => assert.deepEqual([viewOf().zoom, viewOf().span], [null, [0, 200]]));

  test("magnifies around a step, and is whole again where that is less", () => {
    const view = viewOf();
    view.magnify(0.5, 100);
    assert.deepEqual(view.span, [50, 150]);
    view.magnify(0.5, 60);
    assert.deepEqual(view.span, [55, 105]);
    view.magnify(9, 60);
    assert.equal(view.zoom, null);
  });

  test("stays within the run, and no closer than four steps", () => {
    const view = viewOf();
    view.zoomTo(-50, 50);
    assert.deepEqual(view.span, [0, 100]);
    view.zoomTo(199.9, 200);
    assert.deepEqual(view.span, [196, 200]);
    view.pan(-1e9);
    assert.deepEqual(view.span, [0, 4]);
    view.pan(1e9);
    assert.deepEqual(view.span, [196, 200]);
    view.reset();
    view.pan(5);
    assert.equal(view.zoom, null);
  });

  test("knows new steps when the version changes, and tells of each zoom", () => {
    const source = new Source();
    const view = viewOf(source);
    assert.equal(view.span[1], 200);
    source.tables.set("more", tableOf(rows("valid", { _step: [250], val_loss: [1] })));
    source.tables.set("machine", tableOf(rows("system", { _step: [999], cpu: [1] })));
    assert.equal(view.span[1], 200);
    source.version++;
    assert.equal(view.span[1], 250);
    view.magnify(0.5, 100);
    view.reset();
    assert.equal(source.touched, 2);
  });
});
