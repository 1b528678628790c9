import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Curve } from "../widget/curve";
import { MovingAverage, type Smoothing, smoothingText, windowOf } from "../widget/smooth";
import { random } from "./random";
import cases from "./smoothing.json";

const averaged = (window: number, step: number[], value: number[]): number[] => {
  const average = new MovingAverage(window);
  average.take(Float64Array.from(step), Float64Array.from(value));
  return [...average.values.values];
};
const near = (found: number[], wanted: number[]) =>
  found.forEach((value, i) => assert.ok(Object.is(value, wanted[i]) || Math.abs(value - wanted[i]) < 1e-9, `${found} is ${wanted}`));

describe("the moving average", () => {
  test("is that of a picture", () =>
    cases.averages.forEach(({ window, steps, values, average }) => near(averaged(window, steps, values), average)));

  test("is interrupted by what is not finite, which is not averaged", () =>
    near(averaged(3, [1, 2, 3, 4], [4, NaN, Infinity, 1]), [4, NaN, NaN, (4 / 8 + 1) / (1 / 8 + 1)]));

  test("is the same from however many pieces it was taken, and whatever the last value was before", () => {
    const next = random();
    const values = Float64Array.from({ length: 500 }, () => next());
    const steps = values.map((_, i) => 3 * i);
    const average = new MovingAverage(20);
    for (const end of [1, 2, 7, 7, 300]) {
      const early = values.slice(0, end);
      early[end - 1] = 99;
      average.take(steps.subarray(0, end), early);
    }
    average.take(steps, values);
    near([...average.values.values], averaged(20, [...steps], [...values]));
  });

  test("is the same at every zoom and width", () => {
    const next = random();
    const curve = new Curve("loss");
    for (let step = 1; step <= 10_000; step++) curve.push(step, next());
    const whole = curve.smoothed({ from: 0, to: 10_000, columns: 500, log: false }, 20);
    const part = curve.smoothed({ from: 5000, to: 5100, columns: 700, log: true }, 20);
    const known = new Map(part.x.map((x, i) => [x, part.y[i]]));
    const shared = whole.x.map((x, i) => [known.get(x), whole.y[i]]).filter(([found]) => found !== undefined);
    assert.ok(shared.length >= 3 && whole.x.length <= 504);
    for (const [found, wanted] of shared) assert.equal(found, wanted);
  });
});

test("windows suit the length of a run, and are said in words", () => {
  for (const [steps, window] of cases.windows)
    assert.deepEqual(
      [0, 1, 2].map((smoothing) => windowOf(smoothing as Smoothing, steps)),
      [0, window, 10 * window],
    );
  assert.deepEqual([20, 10_000, 0].map(smoothingText), ["smooth 20 steps", "smooth 10,000 steps", "not smoothed"]);
});
