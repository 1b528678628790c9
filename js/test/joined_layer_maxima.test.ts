import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { JoinedLayerMaxima } from "../widget/joined_layer_maxima";
import { LayerCurve } from "../widget/layer_curve";
import type { LayerMaxima } from "../widget/layer_maxima";
import { Mean } from "../widget/reduction";
import { Series } from "../widget/series";
import type { Table } from "../widget/table";
import { TotalNorm } from "../widget/total_norm";
import { random } from "./random";
import { type Rows, range, rows, tableOf } from "./rows";
import { walk } from "./walk";

const LAYERS = 8;
const next = random();
/** Differs from step to step and from layer to layer. */
const norm = range(1, 240).map(() => range(1, LAYERS).map(() => Math.fround(0.01 + 0.08 * next())));
const text = (value: number): string => String(Number(value.toPrecision(7)));

/** A run of 200 steps that goes on from another one, which goes on from a third one. */
const GENERATIONS = { grandparent: [0, 60], parent: [60, 120], own: [120, 200] };
type Generation = keyof typeof GENERATIONS;
const ORDERS: Record<string, Generation[]> = {
  "oldest first": ["grandparent", "parent", "own"],
  "newest first": ["own", "parent", "grandparent"],
  "own rows between": ["parent", "own", "grandparent"],
};

/** Rows `from` to `to` of a run whose first step is that after `first`. */
const gradients = (first: number, from: number, to: number, by = 1): Rows =>
  rows("gradients", { _step: range(from + 1, to), total: range(from + 1, to), norm: norm.slice(from, to) }, { start: from - first, by });

/** The gradients of one of the runs, folded as far as that divides them. */
function pieces(generation: Generation, by: number): Rows[] {
  const [first, last] = GENERATIONS[generation];
  const folded = last - ((last - first) % by);
  const rest = folded < last ? [gradients(first, folded, last)] : [];
  return [gradients(first, first, folded, by), ...rest];
}

const columnOf = (table: Table): LayerMaxima => table.maxima.get("norm")!;

describe("the rows of ancestors and its own are one curve", () => {
  for (const [order, generations] of Object.entries(ORDERS)) {
    test(order, () => {
      const loss = new Series("loss", new Mean());
      const total = new TotalNorm("total");
      const joined = new JoinedLayerMaxima();
      const [losses, tables]: [Table[], Table[]] = [[], []];
      let maxima: LayerMaxima | undefined;
      for (const generation of generations) {
        const [first, last] = GENERATIONS[generation];
        losses.push(tableOf(rows("train", { _step: range(first + 1, last), loss: range(first + 1, last).map((step) => 1 / step) })));
        tables.push(tableOf(gradients(first, first, last)));
        loss.take(losses);
        total.take(tables);
        maxima = joined.join(tables.map(columnOf));
      }
      assert.deepEqual(loss.points({ from: 0, to: 200, columns: 2000, log: false }), {
        x: range(1, 200),
        y: range(1, 200).map((step) => 1 / step),
      });
      assert.deepEqual([[...total.step.values], [...total.value.values]], [range(1, 200), range(1, 200)]);
      for (const layer of [0, 5]) {
        assert.deepEqual(
          walk(maxima!, layer),
          range(1, 200).map((step) => `step ${step}, ${text(norm[step - 1][layer])}`),
        );
      }
    });
  }
});

describe("gradients of ancestors while the run goes on", () => {
  for (const [order, generations] of Object.entries(ORDERS)) {
    for (const by of [1, 4, 8]) {
      // 8 does not divide the rows of those before
      test(`${order}, ${by} rows as one`, () => {
        const joined = new JoinedLayerMaxima();
        const tables = new Map<Generation, Table>();
        const join = () => joined.join([...tables.values()].map(columnOf))!;
        for (const generation of generations) {
          const [piece, ...more] = pieces(generation, by);
          tables.set(generation, tableOf(piece));
          join();
          for (const { header, buffers } of more) tables.get(generation)!.append(header, buffers);
          join();
        }
        const layer = 3;
        let curve = new LayerCurve("bn2", join(), layer);
        for (const [from, to] of [
          [200, 201],
          [201, 207],
          [207, 240],
        ]) {
          const { header, buffers } = gradients(120, from, to);
          tables.get("own")!.append(header, buffers);
          const maxima = join();
          if (maxima !== curve.maxima) curve = new LayerCurve("bn2", maxima, layer);
          curve.take();
          const shown = norm.slice(to - 1 - ((to - 1) % by), to).map((row) => row[layer]);
          assert.equal(curve.value.last, Math.max(...shown));
        }
        assertCovered(walk(join(), layer), layer, 240);
      });
    }
  }
});

/** Texts follow each other without a gap, and each tells the highest value of its steps. */
function assertCovered(texts: string[], layer: number, steps: number): void {
  let known = 0;
  for (const said of texts) {
    const [, first, last = first, value] = /^steps? (\d+)(?: to (\d+))?, (?:at most )?(\S+)$/.exec(said)!;
    assert.equal(Number(first), known + 1);
    const highest = Math.max(...norm.slice(known, Number(last)).map((row) => row[layer]));
    assert.equal(value, text(highest), said);
    known = Number(last);
  }
  assert.equal(known, steps);
}

test("another model before is not taken for this one", () => {
  const own = tableOf(rows("gradients", { _step: range(101, 200), norm: norm.slice(0, 100).map((row) => row.slice(0, 2)) }));
  const parent = tableOf(rows("gradients", { _step: range(1, 100), norm: norm.slice(0, 100).map((row) => row.slice(0, 5)) }));
  const maxima = new JoinedLayerMaxima().join([own, parent].map(columnOf))!;
  assert.deepEqual(
    walk(maxima, 1),
    range(1, 100).map((i) => `step ${100 + i}, ${text(norm[i - 1][1])}`),
  );
});

test("of runs whose steps overlap, the newest is shown", () => {
  const parts = [
    [1, 60],
    [41, 100],
  ].map(([first, last]) => tableOf(rows("gradients", { _step: range(first, last), norm: norm.slice(0, last - first + 1) })));
  const maxima = new JoinedLayerMaxima().join(parts.map(columnOf))!;
  assert.deepEqual([maxima.step.at(0), maxima.end], [41, 100]);
});

test("without rows there is nothing to join", () => assert.equal(new JoinedLayerMaxima().join([]), undefined));
