import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LayerCurve } from "../widget/layer_curve";
import { Table } from "../widget/table";
import { range, rows, tableOf } from "./rows";
import { walk } from "./walk";

const train = (first: number, last: number) => rows("train", { _step: range(first, last), loss: range(first, last) }, { start: first - 1 });

test("rows that come twice are kept once", () => {
  const table = tableOf(train(1, 5), train(3, 8), train(2, 4), train(9, 9));
  assert.deepEqual([...table.step.values], range(1, 9));
  assert.deepEqual([...table.columns.get("loss")!.values], range(1, 9));
  assert.equal(table.rows, 9);
});

test("bytes need not be aligned", () => {
  const { header, buffers } = rows("gradients", {
    _step: [1, 2],
    norm: [
      [1, 2],
      [3, 4],
    ],
  });
  const views = buffers.map((buffer) => {
    const bytes = new Uint8Array(buffer.byteLength + 3);
    bytes.set(new Uint8Array(buffer), 3);
    return new DataView(bytes.buffer, 3);
  });
  const table = new Table(header);
  table.append(header, views);
  assert.deepEqual(
    [[...table.step.values], [...table.maxima.get("norm")!.level(0)]],
    [
      [1, 2],
      [1, 2, 3, 4],
    ],
  );
});

describe("weights", () => {
  const steps = 100;
  const measured = (i: number) => [10 + i, 100 - i]; // one grows, one shrinks
  const norm = range(0, steps - 1).map((row) => (row % 16 === 4 ? measured((row - 4) / 16) : [-1, -1]));
  const some = (start: number, end: number) =>
    rows("gradients", { _step: range(start + 1, end), parameter_norm: norm.slice(start, end) }, { start });

  test("are what they were when last measured", () => {
    const maxima = tableOf(some(0, 30), some(30, 31), some(31, 100)).maxima.get("parameter_norm")!;
    for (const layer of [0, 1]) {
      const unknown = range(1, 4).map((step) => `step ${step}, no gradient`);
      const held = range(5, steps).map((step) => `step ${step}, ${measured((step - 5) >> 4)[layer]}`);
      assert.deepEqual(walk(maxima, layer), [...unknown, ...held]);
    }
  });

  test("have a curve that begins where they were first measured", () => {
    const curve = new LayerCurve("down", tableOf(some(0, 100)).maxima.get("parameter_norm")!, 1);
    curve.take();
    assert.deepEqual([curve.step.at(0), curve.step.last, curve.value.last], [5, steps, 95]);
  });
});

test("of mean activations their size is kept, where there is one", () => {
  const table = tableOf(
    rows("activations", {
      _step: [1, 2],
      mean: [
        [-1, -1],
        [0.5, -3],
      ],
      std: [
        [2, -1],
        [1, 1],
      ],
    }),
  );
  assert.deepEqual([...table.maxima.get("mean")!.level(0)], [1, -1, 0.5, 3]);
});
