import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { cellText } from "../widget/cell_text";
import { Cells } from "../widget/cells";
import { JoinedLayerMaxima } from "../widget/joined_layer_maxima";
import { LayerMaxima } from "../widget/layer_maxima";
import { SHARES, SIZES } from "../widget/layer_measure";
import { Table } from "../widget/table";
import { TotalNorm } from "../widget/total_norm";
import { random } from "./random";
import { type Rows, range, rows } from "./rows";
import { walk } from "./walk";

const size = { scale: SIZES, absent: "no gradient" };

const ROWS = 203;
/** Three layers: one without gradients, one with a spike, one with a NaN. */
const norm = range(1, ROWS).map((step) => [-1, step === 101 ? 9 : step / 1000, step === 71 ? NaN : step / 1000]);

/** The rows after `first`, to `last`. */
const piece = (first: number, last: number, by = 1): Rows =>
  rows("gradients", { _step: range(first + 1, last), total: range(first + 1, last), norm: norm.slice(first, last) }, { start: first, by });

/** How many rows are in a bucket at last, and the messages: "0-96/8" are the first 96 rows, 8 of them folded into one. */
const ARRIVALS: Record<string, [width: number, ...messages: string[]]> = {
  "at once": [1, "0-203"],
  "folded, then plain": [8, "0-192/8 192-203"],
  "in messages": [8, "0-96/8", "96-192/8", "192-200", "200-203"],
  twice: [8, "0-96/8", "48-192/8", "192-200", "190-203"],
  anew: [1, "0-96/8", "0-203"],
  "row by row": [2, "0-180/2", ...range(180, 202).map((row) => `${row}-${row + 1}`)],
};
const numbers = (text: string): number[] => text.split(/[-/]/).map(Number);

/** What a cell has to say of the rows after `first`, to `last`. */
function said(layer: number, first: number, last: number): string {
  const values = norm.slice(first, last).map((row) => Math.fround(row[layer]));
  const steps = last === first + 1 ? `step ${last}` : `steps ${first + 1} to ${last}`;
  const highest = values.some(Number.isNaN) ? NaN : Math.max(...values);
  if (highest === -1) return `${steps}, no gradient`;
  return `${steps}, ${last === first + 1 || Number.isNaN(highest) ? "" : "at most "}${Number(highest.toPrecision(7))}`;
}

describe("rows are told right however they come", () => {
  for (const [arrival, [width, ...messages]] of Object.entries(ARRIVALS)) {
    test(arrival, () => {
      const joined = new JoinedLayerMaxima();
      const total = new TotalNorm("total");
      let table: Table | undefined;
      const points: [number, number][] = [];
      for (const message of messages) {
        for (const [first, last, by = 1] of message.split(" ").map(numbers)) {
          const { header, buffers } = piece(first, last, by);
          if (first === 0) [table, points.length] = [new Table(header), 0];
          const known = table!.rows;
          table!.append(header, buffers);
          for (let row = first; row < last; row += by) if (row >= known) points.push([row + 1, row + by]);
        }
        total.take([table!]);
        joined.join([table!.maxima.get("norm")!]);
      }
      const maxima = joined.join([table!.maxima.get("norm")!])!;
      for (const layer of [0, 1, 2]) {
        const expected = range(0, Math.ceil(ROWS / width) - 1).map((i) => said(layer, i * width, Math.min((i + 1) * width, ROWS)));
        assert.deepEqual(walk(maxima, layer), expected);
      }
      // The total is a plain column, whose rows stay as they came: the first step and the highest value of those folded.
      assert.deepEqual(
        [...total.step.values].map((step, i) => [step, total.value.at(i)]),
        points,
      );
    });
  }
});

/** A column with these values of one layer at steps 1, 2, … */
function maximaOf(values: Float32Array): LayerMaxima {
  const maxima = new LayerMaxima(1);
  maxima.append(
    0,
    1,
    Float64Array.from(values, (_, i) => i + 1),
    values,
  );
  return maxima;
}

/** Often it is the one with the NaN. */
test("the last step is at the right edge, however many share a column", () => {
  for (let steps = 2; steps < 3000; steps += 1 + (steps >> 5)) {
    const values = new Float32Array(steps).fill(0.1);
    values[steps - 1] = NaN;
    for (const columns of [300, 601, 1000]) {
      const cells = new Cells(maximaOf(values), [0, steps], columns);
      assert.equal(cells.lastColumn, columns - 1);
      assert.ok(Number.isNaN(cells.value(columns - 1, 0)), `${steps} steps in ${columns} columns`);
      assert.equal(cells.steps(columns - 1)[1], steps);
    }
  }
});

test("one step among many is in its column at every zoom, and in no other", () => {
  const [points, spike] = [250_000, 154_321];
  const next = random();
  const values = Float32Array.from({ length: points }, (_, i) => (i + 1 === spike ? 50 : 0.01 + 0.08 * next()));
  const maxima = maximaOf(values);
  for (let length = points; length > 300; length /= 1.7) {
    for (const share of [0.1, 0.5, 0.9]) {
      const from = Math.min(Math.max(0, spike - share * length), points - length);
      const cells = new Cells(maxima, [from, from + length], 600);
      const bright = range(0, 599).filter((column) => cells.value(column, 0) > 1);
      const wanted = ((spike - from) / length) * 600;
      assert.ok(bright.length > 0 && bright.every((column) => Math.abs(column + 0.5 - wanted) <= 2), `${bright} for ${wanted}`);
    }
  }
});

test("a column between two steps shows the nearer one, with all rows of that step", () => {
  const maxima = new LayerMaxima(2);
  maxima.append(0, 1, Float64Array.of(1, 1, 5, 5), Float32Array.of(0.1, -1, -1, 0.2, 0.3, -1, -1, 0.4));
  const cells = new Cells(maxima, [0, 5], 50);
  const told = (column: number) =>
    [cells.steps(column)[0], cells.value(column, 0), cells.value(column, 1)].map((one) => Number(one.toFixed(3)));
  assert.deepEqual(
    [told(12), told(28), told(32), told(49)],
    [
      [1, 0.1, 0.2],
      [1, 0.1, 0.2],
      [5, 0.3, 0.4],
      [5, 0.3, 0.4],
    ],
  );
  assert.ok(cells.continues(20));
});

test("a column between the steps of two buckets of several rows shows the one before, which reaches to the other", () => {
  const maxima = new LayerMaxima(1);
  maxima.append(0, 8, Float64Array.of(1, 9, 17), Float32Array.of(0.1, 0.2, 0.3));
  const cells = new Cells(maxima, [0, 24], 240);
  const told = [75, 85, 95].map((column) => cellText(cells, { column, layer: 0 }, size)[0]);
  assert.deepEqual(told, ["steps 1 to 8", "steps 1 to 8", "steps 9 to 16"]);
});

test("a walk along the columns stops at both ends", () => {
  const cells = new Cells(maximaOf(Float32Array.of(1, 2, 3)), [0, 3], 30);
  const left = cells.next(cells.lastColumn, -1);
  assert.deepEqual(cellText(cells, { column: left, layer: 0 }, size), ["step 2", "2"]);
  const first = cells.next(left, -1);
  assert.deepEqual([cells.steps(first), cells.next(first, -1)], [[1, 1], first]);
  assert.equal(cells.next(cells.lastColumn, 1), cells.lastColumn);
});

test("a share is told in percent", () => {
  const maxima = new LayerMaxima(3);
  maxima.append(0, 1, Float64Array.of(1), Float32Array.of(0.5, 0, -1));
  const cells = new Cells(maxima, [0, 1], 4);
  const told = [0, 1, 2].map((layer) => cellText(cells, { column: 3, layer }, { scale: SHARES, absent: "not measured" })[1]);
  assert.deepEqual(told, ["50 %", "0 %", "not measured"]);
});
