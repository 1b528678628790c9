import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Curve } from "../widget/curve";
import { isPerEpoch, stylesOf, suitsLog } from "../widget/line_style";
import { reading } from "../widget/machine";
import { groupMetrics, titleOf } from "../widget/metric_groups";
import { familyOf, isTwin, latest, metricNames } from "../widget/metrics";
import { optimizerColor, optimizersOf } from "../widget/optimizers";
import type { State, TableHeader } from "../widget/protocol";
import { Table, type TableHolder } from "../widget/table";
import { Unchanging } from "../widget/unchanging";
import known from "./families.json";
import cases from "./groups.json";
import { rows, tableOf } from "./rows";

type Columns = Parameters<typeof rows>[1];
const holding = (...tables: [TableHeader["stream"], Columns][]): TableHolder => ({
  tables: new Map(tables.map(([stream, columns], i) => [String(i), tableOf(rows(stream, columns))])),
});

/** `tests/test_same_rules.py` holds the same names against the rule in Python. */
describe("the family of a name", () => {
  for (const [train, valid, family] of known.pairs) {
    test(`${train} and ${valid}`, () => {
      assert.deepEqual([familyOf(train), familyOf(valid), isTwin(train), isTwin(valid)], [family, family, false, true]);
      assert.deepEqual(groupMetrics([valid, train])[0].metrics, [train, valid]);
      assert.deepEqual(
        [...stylesOf([train, valid])].map(([name, { color }]) => [name, color]),
        [
          [train, "--train"],
          [valid, "--valid"],
        ],
      );
    });
  }
  test("is the name itself where no word tells which data it is of", () => {
    for (const [name, family] of Object.entries(known.alone)) assert.equal(familyOf(name), family);
  });
});

/** `tests/test_same_rules.py` holds the same cases against the rule in Python. */
describe("the groups of", () => {
  for (const { case: name, names, monitor, groups } of cases) {
    test(name, () => {
      const found = groupMetrics(names, monitor ?? undefined);
      assert.deepEqual(
        found.map((group) => ({ name: group.name, title: titleOf(group), metrics: group.metrics })),
        groups,
      );
    });
  }
});

test("what the recorder adds to a row is no metric, nor is a table without rows", () => {
  const held = holding([
    "train",
    { _step: [1], _samples: [1], epoch: [0], learning_rate: [1], learning_rate_1: [1], "learning_rate/adam": [1], loss: [1] },
  ]);
  held.tables.set("empty", new Table(rows("train", { _step: [], acc: [] }).header));
  held.tables.set("machine", tableOf(rows("system", { _step: [1], cpu: [1] })));
  assert.deepEqual([...metricNames(held)], ["loss"]);
});

test("the latest value is the mean of the last step", () => {
  const held = holding(
    ["train", { _step: [1, 2, 2, 2], loss: [1, 1, 1, 1], acc: [0.1, 0.25, 0.25, 0.5], _samples: [1, 1, 1, 2] }],
    ["train", { _step: [1], old: [7] }],
  );
  assert.deepEqual([latest(held, "acc"), latest(held, "old"), latest(held, "none")], [0.375, 7, undefined]);
});

test("what never changed has one value in all tables, and enough of them", () => {
  const held = holding(
    ["train", { _step: [1, 2, 3], lr: [1, 1, 1], kl: [1, 1, 2], odd: [NaN, NaN, NaN], two: [1, 1, 1] }],
    ["train", { _step: [4], two: [2], lr: [1] }],
  );
  const unchanging = new Unchanging();
  const found = (least: number) => ["lr", "kl", "odd", "two", "none"].filter((name) => unchanging.has(name, held.tables.values(), least));
  assert.deepEqual([found(2), found(4), found(5)], [["lr"], ["lr"], []]);
  const { header, buffers } = rows("train", { _step: [5], two: [2], lr: [3] }, { start: 1 });
  held.tables.get("1")!.append(header, buffers);
  assert.deepEqual(found(2), []);
});

test("a reading of the machine is that of the table with the last step, and of a run that has ended the mean or the most", () => {
  const held = holding(
    ["system", { _step: [1, 20, 20], cpu: [50, 118, NaN], memory: [9, 10, 8], steps_per_second: [4, 6, 0] }],
    ["system", { _step: [10], cpu: [70], gpu: [5] }],
    ["train", { _step: [30], cpu: [1] }],
  );
  const readings = (state: Partial<State> | null) =>
    ["gpu", "none", "memory", "cpu", "steps_per_second"].map((name) => reading({ ...held, state: state as State }, name));
  assert.deepEqual(readings(null), [5, undefined, 8, NaN, 0]);
  assert.deepEqual(readings({ status: "finished", mean_rates: { steps_per_second: 5.5 } }), [5, undefined, 10, 84, 5.5]);
  assert.deepEqual(readings({ status: "failed" }), [5, undefined, 10, 84, undefined]); // one of an older version
});

describe("how lines look", () => {
  const curveOf = (name: string, ...values: number[]) => {
    const curve = new Curve(name);
    values.forEach((value, i) => curve.push(10 * i, value));
    return curve;
  };

  const looks = (...names: string[]) => [...stylesOf(names).values()].map(({ color, dashed }) => color + (dashed ? " dashed" : ""));

  test("their colours differ, as far as there are any", () => {
    assert.deepEqual(looks("loss", "val_loss", "aux_loss"), ["--train", "--valid", "--fourth"]);
    assert.deepEqual(looks("val_loss", "test_loss"), ["--valid", "--third"]);
    const many = looks(..."abcdefgh");
    assert.equal(new Set(many).size, many.length);
  });

  test("a validation beside another family has the colour of its twin, dashed", () => {
    assert.deepEqual(looks("acc", "val_acc", "f1", "val_f1", "val_auc"), ["--train", "--valid", "--fourth", "--fourth dashed", "--third"]);
  });

  test("what belongs to an optimizer has its colour, as its learning rate and its gradients have", () => {
    const rates = { _step: [1], "learning_rate/generator": [1], "learning_rate_1/generator": [1], "learning_rate/critic": [1], loss: [1] };
    const { tables } = holding(
      ["train", rates],
      ["gradients", { _step: [1], "total/generator": [1] }],
      ["valid", { _step: [1], "total/x": [1] }],
    );
    const optimizers = optimizersOf(tables.values());
    assert.deepEqual(optimizers, ["generator", "critic"]);
    assert.deepEqual(
      ["generator", "critic", ""].map((one) => optimizerColor(one, optimizers)),
      ["--train", "--fourth", "--train"],
    );
    const of = (...names: string[]) =>
      [...stylesOf(names, optimizers).values()].map(({ color, dashed }) => color + (dashed ? " dashed" : ""));
    for (const names of [
      ["loss_C", "loss_G"],
      ["critic_loss", "generator_loss"],
      ["C/loss", "G/loss"],
    ])
      assert.deepEqual(of(...names), ["--fourth", "--train"]);
    assert.deepEqual(of("C(real)", "C(fake)"), ["--third", "--fifth"]); // neither could have it alone
    assert.deepEqual(of("loss", "loss_G", "loss_C", "val_loss_C"), ["--third", "--train", "--fourth", "--fourth dashed"]);
    assert.deepEqual([of("fid"), of("loss", "val_loss")], [["--train"], ["--train", "--valid"]]);
    assert.deepEqual(
      [...stylesOf(["loss_D", "loss_D_fake"], ["optimizer_D", "optimizer_G"]).values()].map(({ color }) => color),
      ["--third", "--fifth"],
    );
  });

  test("dots are for what is measured once an epoch", () => {
    assert.ok(isPerEpoch(curveOf("val_loss", 1, 2, 3), 0));
    assert.ok(isPerEpoch(curveOf("loss", 1, 2, 3), 2));
    assert.ok(!isPerEpoch(curveOf("loss", 1, 2, 3), 1));
  });

  test("a logarithmic scale is for positive losses and for wide ranges", () => {
    assert.ok(suitsLog([curveOf("loss", 1, 2)], "loss"));
    assert.ok(!suitsLog([curveOf("loss", 1, 0)], "loss"));
    assert.ok(!suitsLog([curveOf("acc", 0.5, 1)], "acc"));
    assert.ok(suitsLog([curveOf("ppl", 3, 301)], "ppl"));
    assert.ok(!suitsLog([curveOf("loss", 1), curveOf("val_loss", -1)], "loss"));
  });
});
