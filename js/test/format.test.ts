import assert from "node:assert/strict";
import { test } from "node:test";
import {
  brief,
  clock,
  duration,
  gigabytes,
  oneLine,
  percent,
  perSecond,
  precise,
  rate,
  short,
  tickLabel,
  tickLabels,
  truncate,
} from "../widget/format";
import cases from "./numbers.json";

/** The same in Python: `tests/test_same_rules.py`. */
test("numbers have the notation of the record's words, pictures and tables", () => {
  for (const [value, text] of cases.brief) assert.equal(brief(Number(value)), text);
  for (const [value, text] of cases.short) assert.equal(short(Number(value)), text);
  for (const { ticks, decimals, labels } of cases.tick_labels) assert.deepEqual(tickLabels(ticks, decimals), labels);
  for (const [tick, label] of cases.tick_label) assert.equal(tickLabel(Number(tick)), label);
});

test("a value itself is without the digits of a float32", () => {
  assert.deepEqual([Math.fround(0.1), Math.fround(123.456), 0, NaN].map(precise), ["0.1", "123.456", "0", "NaN"]);
  assert.deepEqual([4.966667e-4, 51_232_768, 12_345.67, 1.23456789e7, -1e300].map(precise), [
    "4.966667e-4",
    "51,232,768",
    "12,345.67",
    "12,345,680",
    "-1e300",
  ]);
});

test("durations and times", () => {
  assert.deepEqual([0, 7.4, 75, 3599.6, 36000 + 61, -5].map(duration), ["0:00", "0:07", "1:15", "1:00:00", "10:01:01", "0:00"]);
  assert.match(clock(1.79e9), /^\d\d:\d\d:\d\d$/);
});

test("learning rates as they are written in code", () => {
  assert.deepEqual([0.001, 1.5e-3, 1.25e-4, 0.3, 0, 12345, -1e-4].map(rate), ["0.001", "0.0015", "1.25e-4", "0.3", "0", "12,300", "-1e-4"]);
});

test("shares, sizes and speeds", () => {
  assert.deepEqual([0.0002, 0.0062, 0.0994, 0.031, 0.5, 0, 1].map(percent), [
    "<0.1 %",
    "0.6 %",
    "9.9 %",
    "3.1 %",
    "50 %",
    "0.0 %",
    "100 %",
  ]);
  assert.deepEqual([1.2 * 2 ** 30, 141 * 2 ** 30, 8 * 2 ** 30, 99.96 * 2 ** 30].map(gigabytes), ["1.2", "141", "8", "100"]);
  assert.deepEqual([0.25, 9.94, 9.95, 84.2, 5412.3].map(perSecond), ["0.3", "9.9", "10", "84", "5,412"]);
});

test("a text is cut to a length by characters, not by halves of them", () => {
  assert.equal(truncate("short", 5), "short");
  assert.equal(truncate("longer", 5), "long…");
  assert.equal(truncate("x".repeat(10_000), 60), `${"x".repeat(59)}…`);
  assert.equal(truncate("😀".repeat(200), 60), `${"😀".repeat(59)}…`);
  assert.equal(truncate("😀".repeat(60), 60), "😀".repeat(60));
  assert.equal(truncate("a b a b", 4), "a b…");
});

test("a name from outside is on one line, without characters that control it", () => {
  assert.equal(oneLine(" \n two\t\0\n lines \n"), "two lines");
  assert.equal(oneLine("a\u202eb\u2066"), "a b");
  assert.equal(oneLine("<b>&amp;"), "<b>&amp;");
});
