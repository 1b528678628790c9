import assert from "node:assert/strict";
import { test } from "node:test";
import { layerGroups, layerLabels, shorten } from "../widget/layer_names";
import cases from "./layer_names.json";

test("labels keep what tells layers apart", () => {
  for (const { names, length, labels } of cases.labels) assert.deepEqual(layerLabels(names, length), labels);
});

test("no label is too long, and no two are alike", () => {
  const blocks = ["encoder", "decoder"].flatMap((side) =>
    Array.from({ length: 30 }, (_, i) => `${side}.transformer.h.${i}.attention.projection Linear`),
  );
  for (const length of [8, 12, 18, 30, 60]) {
    const labels = layerLabels(blocks, length);
    assert.equal(new Set(labels).size, blocks.length);
    assert.ok(labels.every((label) => [...label].length <= length));
  }
});

test("the layers of a deep model are grouped by module", () => {
  for (const { names, most, groups } of cases.groups) {
    assert.deepEqual(
      layerGroups(names, most).map(({ name, first, size }) => [name, first, size]),
      groups,
    );
  }
});

test("a long name is abbreviated from the left, as far as needed", () => {
  assert.equal(shorten("encoder.layer.0.query", 21), "encoder.layer.0.query");
  assert.equal(shorten("encoder.layer.0.query", 15), "e.layer.0.query");
  assert.equal(shorten("encoder.layer.0.query", 14), "e.l.0.query");
  assert.equal(shorten("encoder.layer.12.query", 12), "e.l.12.query");
  assert.equal(shorten("encoder.layer.12.query", 11), "e.l…2.query"); // a number is not abbreviated
  assert.equal(shorten("encoder.layer.0.a_very_long_name_of_a_projection", 20), "e.l.0.…_a_projection"); // then it loses its middle
});
