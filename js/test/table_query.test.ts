import assert from "node:assert/strict";
import { test } from "node:test";
import { type Cell, compareCells, matcher } from "../widget/table_query";

const number = (value: number): Cell => ({ text: String(value), value });
const text = (words: string): Cell => ({ text: words, value: undefined });
const nothing: Cell = { text: undefined, value: undefined };

test("numbers come before texts, and what is missing comes last either way", () => {
  const cells = [nothing, text("run 10"), number(Infinity), number(NaN), number(2), text("run 9"), number(-1)];
  const sorted = (descending: boolean) => [...cells].sort((a, b) => compareCells(a, b, descending)).map((cell) => cell.text);
  assert.deepEqual(sorted(false), ["-1", "2", "Infinity", "run 9", "run 10", undefined, "NaN"]);
  assert.deepEqual(sorted(true), ["Infinity", "2", "-1", "run 10", "run 9", undefined, "NaN"]);
});

test("a filter takes words and comparisons, of which all must be true", () => {
  const row = new Map([
    ["name", text("Small steps")],
    ["lr", number(0.003)],
    ["val_loss.best", number(NaN)],
    ["val_loss.last", number(0.5)],
    ["seed", nothing],
  ]);
  const holds = (asked: string) => matcher(asked, [...row.keys()]).test(row);
  for (const asked of [
    "",
    "  ",
    "small",
    "STEPS small",
    "lr<0.01",
    "lr <= 3e-3 steps",
    "lr == .003",
    "lr!=1",
    "name!=x",
    "seed!=1",
    "val_loss.last>0",
    "lr<",
    "<1",
  ])
    assert.ok(holds(asked), asked);
  for (const asked of ["large", "small large", "lr>0.01", "seed=1", "seed<1", "val_loss<1", "name<z", "lr=abc"])
    assert.ok(!holds(asked), asked);
  assert.equal(matcher("depth>1", ["lr", "name"]).problem, "There is no column depth; there are lr, name");
});
