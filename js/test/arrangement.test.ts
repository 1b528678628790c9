import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { arrange, CHOSEN, type Plot, plotsOf } from "../widget/arrangement";
import { type Choices, validated } from "../widget/choices";
import { groupMetrics } from "../widget/metric_groups";
import { nearestName } from "../widget/nearest_name";
import type { PlotSpec } from "../widget/protocol";

const NAMES = ["loss", "val_loss", "accuracy", "val_accuracy", "d/real", "d/fake", "grad_norm"];
const groups = groupMetrics(NAMES);
const choices = (some: Partial<Choices> = {}): Choices => ({ ...validated({}), ...some });
const arranged = (some: Partial<Choices> = {}, room = 9, constant: string[] = []) => {
  const known = { count: NAMES.length, isConstant: ({ key }: Plot) => constant.includes(key) };
  const { large, small, more } = arrange(plotsOf(groups, [], choices(some)), choices(some), () => room, known);
  return [large?.key, small.map(({ key }) => key), more];
};

describe("the plots of the groups", () => {
  test("have the first one large", () => assert.deepEqual(arranged(), ["loss", ["scores", "d/", "grad_norm"], 0]));

  test("change places where another one is enlarged", () => {
    assert.deepEqual(arranged({ large: "d/" }), ["d/", ["scores", "loss", "grad_norm"], 0]);
    assert.deepEqual(arranged({ large: "gone" }), ["loss", ["scores", "d/", "grad_norm"], 0]);
  });

  test("are pinned and hidden", () => {
    assert.deepEqual(arranged({ pinned: ["grad_norm"], hidden: ["d/"] }), ["loss", ["grad_norm", "scores"], 2]);
    assert.deepEqual(arranged({ hidden: ["loss"] }), ["scores", ["d/", "grad_norm"], 2]);
  });

  test("are no more than there is room for", () => assert.deepEqual(arranged({}, 1), ["loss", ["scores"], 3]));

  test("are none of what never changed while others are there, unless one asks for it", () => {
    assert.deepEqual(arranged({}, 9, ["scores", "grad_norm"]), ["loss", ["d/"], 0]);
    assert.deepEqual(arranged({}, 1, ["scores", "grad_norm"]), ["loss", [], 2]); // their values have the place of a plot
    assert.deepEqual(arranged({ pinned: ["scores"], large: "grad_norm" }, 9, ["scores", "grad_norm"]), [
      "grad_norm",
      ["scores", "d/", "loss"],
      0,
    ]);
    assert.deepEqual(arranged({}, 9, ["loss", "scores", "d/"]), ["grad_norm", [], 0]);
    assert.deepEqual(arranged({}, 9, ["loss", "scores", "d/", "grad_norm"]), ["loss", [], 0]);
  });

  test("have before them what a person chose, as far as it is there", () => {
    assert.deepEqual(arranged({ chosen: ["grad_norm", "loss", "gone"] })[0], CHOSEN);
    const [own] = plotsOf(groups, [], choices({ chosen: ["grad_norm", "loss", "gone"] }));
    assert.deepEqual([own.title, own.metrics], ["Chosen metrics", ["grad_norm", "loss"]]);
    assert.deepEqual(arranged({ chosen: ["gone"] })[0], "loss");
  });

  test("take the kind and the scale that were chosen", () => {
    const [plot] = plotsOf(groups, [], choices({ log: { loss: false }, kinds: { loss: { kind: "scatter", x: "grad_norm" } } }));
    assert.deepEqual([plot.log, plot.kind, plot.x], [false, "scatter", "grad_norm"]);
  });
});

describe("the plots of a layout", () => {
  const shown = (...specs: PlotSpec[]) => plotsOf(groups, specs, choices()).map(({ metrics, missing }) => [metrics, missing]);

  test("show a metric with its twins", () => assert.deepEqual(shown({ metrics: ["loss"] }), [[["loss", "val_loss"], []]]));

  test("show a group by its name, its title or its prefix", () => {
    for (const name of ["scores", "accuracy"]) assert.deepEqual(shown({ metrics: [name] }), [[["accuracy", "val_accuracy"], []]]);
    for (const name of ["d/", "d"]) assert.deepEqual(shown({ metrics: [name] }), [[["d/real", "d/fake"], []]]);
  });

  test("say what is not there", () => assert.deepEqual(shown({ metrics: ["grad_norm", "lss"] }), [[["grad_norm"], ["lss"]]]));

  test("are told apart by all that they show", () => {
    const specs: PlotSpec[] = [
      { metrics: ["loss"] },
      { metrics: ["loss"], kind: "histogram" },
      { metrics: ["loss"], x: "accuracy", kind: "scatter" },
    ];
    assert.equal(new Set(plotsOf(groups, specs, choices()).map(({ key }) => key)).size, 3);
  });
});

test("the name that was meant", () => {
  assert.equal(nearestName("lss", NAMES), "loss");
  assert.equal(nearestName("validation_accuracy", NAMES), "accuracy");
  assert.equal(nearestName("Grad-Norm", NAMES), "grad_norm");
  assert.equal(nearestName("zzzzzz", NAMES), undefined);
  assert.equal(nearestName("", []), undefined);
});

describe("choices that are read back", () => {
  const none = { large: null, chosen: [], pinned: [], hidden: [], log: {}, kinds: {}, smoothing: null, by: null };
  const plain = (found: unknown) => JSON.parse(JSON.stringify(validated(found)));

  test("are none where nothing fits", () => {
    for (const found of [
      undefined,
      null,
      3,
      "x",
      [],
      {},
      { large: 3, chosen: "abc", log: [true], kinds: { a: { kind: "pie" } }, smoothing: 7 },
    ])
      assert.deepEqual(plain(found), none);
  });

  test("are what fits of them", () => {
    const found = { ...none, large: "d/", chosen: ["a", 3], log: { loss: true, other: "yes" }, smoothing: 2, more: 1 };
    assert.deepEqual(plain(found), { ...none, large: "d/", chosen: ["a"], log: { loss: true }, smoothing: 2 });
    assert.deepEqual(plain({ kinds: { a: { kind: "scatter" }, b: { kind: "scatter", x: "loss" } } }).kinds, {
      b: { kind: "scatter", x: "loss" },
    });
  });

  test("are bounded, and no name of a metric is taken for another thing", () => {
    assert.equal(validated({ chosen: new Array(9999).fill("a") }).chosen.length, 100);
    assert.equal(validated({ log: {} }).log.constructor, undefined);
  });
});
