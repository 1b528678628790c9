import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { latest } from "../widget/metrics";
import { Highest, Mean } from "../widget/reduction";
import { Series } from "../widget/series";
import { Table } from "../widget/table";
import { rows } from "./rows";
import cases from "./step_means.json";

test("of gradients, the highest value of a step; NaN is the highest", () => {
  const highest = new Highest();
  highest.begin(1);
  assert.deepEqual([highest.add(3), highest.add(2)], [3, 3]);
  assert.ok(Number.isNaN(highest.add(NaN)));
  assert.ok(Number.isNaN(highest.add(9)));
  highest.begin(1);
  assert.equal(highest.add(0), 1);
});

test("a mean begins anew with every step, and one value is itself to the last digit", () => {
  const mean = new Mean();
  mean.begin(0.5, 3);
  assert.equal(mean.add(2.5, 1), 1);
  mean.begin(0.25, 7);
  assert.equal(mean.add(0.75, 7), 0.5);
  assert.equal(new Mean().add(0.3, 7), 0.3);
});

type Row = Record<string, number | "nan">;
const number = (value: number | "nan" | undefined): number => (value === undefined || value === "nan" ? NaN : value);

/** The tables of a run after each row: two steps with one value, then the rows of one step. Each set of metrics has a table. */
function* arrivals(name: string, ofLastStep: Row[]): Generator<Map<string, Table>> {
  const tables = new Map<string, Table>();
  const before: Row = { [name]: 9, _samples: 4 };
  for (const [i, row] of [before, before, ...ofLastStep].entries()) {
    const metrics = Object.keys(row).filter((one) => one !== "_samples");
    const key = metrics.join();
    const columns = [...metrics, "_samples"].map((one) => [one, [number(row[one])]]);
    const start = tables.get(key)?.rows ?? 0;
    const { header, buffers } = rows("train", { _step: [Math.min(i + 1, 3)], ...Object.fromEntries(columns) }, { start, key });
    tables
      .set(key, tables.get(key) ?? new Table(header))
      .get(key)!
      .append(header, buffers);
    yield tables;
  }
}

/** `tests/test_same_rules.py` holds the same cases against the record, the picture, a comparison and the terminal. */
describe("several values of a step are their mean", () => {
  for (const [title, { name, rows: ofLastStep, mean }] of Object.entries(cases)) {
    const expected = number(mean as number | "nan");
    test(title, () => {
      const [atOnce, rowByRow] = [new Series(name, new Mean()), new Series(name, new Mean())];
      let tables = new Map<string, Table>();
      for (tables of arrivals(name, ofLastStep as Row[])) rowByRow.take(tables.values());
      atOnce.take(tables.values());
      for (const series of [atOnce, rowByRow]) assert.deepEqual([...series.value.values], [9, 9, expected]);
      assert.equal(latest({ tables }, name), expected);
    });
  }
});
