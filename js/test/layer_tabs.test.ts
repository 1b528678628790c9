import assert from "node:assert/strict";
import { test } from "node:test";
import { LayerTabs } from "../widget/layer_tabs";

test("the first that is there is seen, until one is chosen", () => {
  let changes = 0;
  const tabs = new LayerTabs(() => changes++);
  const seen = () => ["gradients", "activations"].filter((name) => tabs.isSeen(name));
  assert.deepEqual(seen(), []);
  tabs.note("gradients", true);
  tabs.note("activations", true);
  tabs.note("activations", true);
  assert.deepEqual([seen(), tabs.names, changes], [["gradients"], ["gradients", "activations"], 2]);
  tabs.choose("activations");
  assert.deepEqual([seen(), tabs.isFirstDrawn("gradients"), tabs.isFirstDrawn("activations")], [["activations"], false, true]);
  assert.equal(tabs.isFirstDrawn("activations"), false);
  tabs.note("activations", false);
  assert.deepEqual(seen(), ["gradients"]);
});
