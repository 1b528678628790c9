import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { focusAfter } from "../widget/menu_focus";
import { placeBeside } from "../widget/menu_place";

describe("focusAfter", () => {
  const labels = ["Enlarge", "Log scale", "Lines", "Hide", "train/loss"];
  const after = (key: string, now: number, typed = key) => focusAfter(key, now, labels, typed);

  it("goes round by arrows and to the ends", () => {
    const moves = [
      after("ArrowDown", 4),
      after("ArrowUp", 0),
      after("ArrowUp", -1),
      after("ArrowDown", -1),
      after("Home", 3),
      after("End", 1),
    ];
    assert.deepEqual(moves, [0, 4, 4, 0, 0, 4]);
  });
  it("finds what was typed, and with the same letter the next one", () => {
    assert.deepEqual([after("l", 0), after("l", 1, "l"), after("l", 2, "ll"), after("i", 1, "li")], [1, 2, 1, 2]);
  });
  it("finds what is within a name only where none begins so", () => {
    assert.deepEqual([after("s", 0, "loss"), after("h", 0), after("z", 2)], [4, 3, 2]);
  });
  it("leaves other keys alone", () => {
    assert.deepEqual([after("Enter", 0), after(" ", 0), after("F5", 0)], [undefined, undefined, undefined]);
  });
});

describe("placeBeside", () => {
  const page = { width: 400, height: 600 };
  const at = (left: number, top: number, menu = { width: 132, height: 200 }) =>
    placeBeside({ left, top, right: left + 24, bottom: top + 24 }, menu, page);

  it("is below its button where there is room, else above", () => {
    assert.deepEqual(at(300, 100), { left: 192, top: 127 });
    assert.deepEqual(at(300, 500), { left: 192, top: 297 });
  });
  it("stays within the page", () => {
    assert.equal(at(2, 100).left, 8);
    assert.equal(at(399, 100).left, 260);
    assert.deepEqual(at(300, 280, { width: 132, height: 580 }).top, 12);
    assert.deepEqual(at(300, 1000, { width: 132, height: 100 }).top, 492);
  });
});
