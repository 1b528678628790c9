import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Curve } from "../widget/curve";
import type { Points } from "../widget/decimate";
import { robustRange } from "../widget/robust_range";
import { random } from "./random";

/** A loss that falls from 2.3 to 0.1 in 2000 steps, changed where a test wants it, as it is drawn in 700 columns. */
function loss(changed: (step: number, value: number) => number, steps = 2000, log = true): Points {
  const next = random();
  const curve = new Curve("loss");
  for (let step = 1; step <= steps; step++) {
    curve.push(step, changed(step, (0.1 + 2.2 * Math.exp((-4 * step) / steps)) * (0.9 + 0.2 * next())));
  }
  return curve.points({ from: 0, to: steps, columns: 700, log });
}

const both = (check: (log: boolean) => void) => [false, true].forEach(check);
const isWhole = (points: Points[], log: boolean) => {
  const { above, below } = robustRange(points, log);
  return above === undefined && below === undefined;
};

describe("left out is what is early or rare, and would flatten all others:", () => {
  test("the first five of two thousand steps", () =>
    both((log) => {
      const { high, above, below } = robustRange([loss((step, value) => (step <= 5 ? 1e4 : value), 2000, log)], log);
      assert.ok(high < 3, `up to ${high}`);
      assert.deepEqual([above, below], [1e4, undefined]);
    }));

  test("a warm-up that falls from a million", () => {
    const { high, above } = robustRange([loss((step, value) => value + 1e6 / 3 ** step, 2000, false)], false);
    assert.ok(high < 10 && above! > 1e5);
  });

  test("a spike in the midst, and several", () => {
    for (const spikes of [[1000], [300, 301, 900, 1700]]) {
      const { high, above } = robustRange([loss((step, value) => (spikes.includes(step) ? 90 : value), 2000, false)], false);
      assert.ok(high < 3 && above === 90);
    }
  });

  test("values far below the others", () => {
    const { low, below, above } = robustRange([loss((step, value) => (step < 4 ? -1e5 : value), 2000, false)], false);
    assert.ok(low > 0 && below === -1e5 && above === undefined);
  });

  test("the first value of a divergence, which starts near 0, on a logarithmic axis", () => {
    const divergence = loss((step) => (step <= 10 ? 0.009 * 2 ** step : 6), 2000, true);
    const { low, below } = robustRange([divergence, loss((_, value) => 100 + 50 * value, 2000, true)], true);
    assert.ok(low > 1 && below! < 0.1, `from ${low}`);
  });

  test("of one curve, while the others are whole", () => {
    const other = { x: [500, 1000, 2000], y: [9, 8, 7] };
    assert.equal(robustRange([loss((step, value) => (step <= 5 ? 1e4 : value), 2000, false), other], false).high, 9);
  });
});

describe("never left out is", () => {
  test("a loss that diverges at the end, however short", () =>
    both((log) => {
      for (const last of [1, 5, 40, 300]) assert.ok(isWhole([loss((step, value) => (step > 2000 - last ? 1e4 : value), 2000, log)], log));
      assert.ok(isWhole([loss((step, value) => (step > 1990 ? value * 2 ** (step - 1990) : value), 2000, log)], log));
    }));

  test("one that diverged before it became NaN", () => {
    assert.ok(isWhole([loss((step, value) => (step > 1500 ? NaN : step > 1480 ? 1e4 : value), 2000, false)], false));
  });

  test("a level that lasted, and came back", () => {
    assert.ok(isWhole([loss((step, value) => (step > 800 && step < 900 ? 50 : value), 2000, false)], false));
  });

  test("the ordinary fall of the beginning", () =>
    both((log) => {
      assert.ok(isWhole([loss((_, value) => value, 2000, log)], log));
      assert.ok(isWhole([loss((step, value) => 0.2 + 0.1 * value + 2.3 * Math.exp(-step / 30), 2000, log)], log));
    }));

  test("noise with a heavy tail", () => {
    const next = random();
    assert.ok(isWhole([loss(() => 1 / (next() + 0.01), 2000, false)], false));
  });

  test("spikes that come again and again", () => {
    assert.ok(isWhole([loss((step, value) => (step % 20 === 0 ? 50 : value), 2000, false)], false));
  });

  test("one of a few values, and a change of a constant", () => {
    assert.ok(isWhole([{ x: [1, 2, 3, 4], y: [1e4, 2, 1.9, 1.8] }], false));
    assert.ok(isWhole([loss((step) => (step === 900 ? 1.1 : 1), 2000, false)], false));
  });
});

test("nothing at all has no range, and a gap is no value", () => {
  assert.deepEqual(robustRange([], false), { low: NaN, high: NaN });
  assert.deepEqual(robustRange([{ x: [1, 2, 3], y: [null, 4, 5] }], true), { low: 4, high: 5 });
});

test("the same points give the same range", () => {
  const points = loss((step, value) => (step <= 5 ? 1e4 : value));
  assert.deepEqual(robustRange([points], true), robustRange([structuredClone(points)], true));
});
