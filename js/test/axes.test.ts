import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Axis, multiples, niceAbove, thinned, valueAxis } from "../widget/axes";

test("the next of 1, 2, 5, 10, …", () => {
  const sizes = [1, 1.01, 2, 2 + 1e-10, 2.1, 0.3, 51, 0.0011, 1e5];
  assert.deepEqual(sizes.map(niceAbove), [1, 2, 2, 2, 5, 0.5, 100, 0.002, 1e5]);
});

test("multiples have no rounding errors", () => {
  assert.deepEqual(multiples(0.1, 0, 0.5), [0, 0.1, 0.2, 0.3, 0.4, 0.5]);
  assert.deepEqual(multiples(2, 3, 9), [4, 6, 8]);
  assert.deepEqual(multiples(5, 6, 9), []);
});

function assertSound(axis: Axis, low: number, high: number): void {
  assert.ok(axis.min <= low && axis.max >= high, `${axis.min} … ${axis.max} holds ${low} … ${high}`);
  assert.ok(axis.ticks.length >= 2 && axis.ticks.length <= 12, `${axis.ticks.length} ticks`);
  assert.ok(
    axis.ticks.every((tick, i) => i === 0 || tick > axis.ticks[i - 1]),
    `ticks ascend: ${axis.ticks}`,
  );
  assert.equal(axis.labels.length, axis.ticks.length);
  assert.equal(new Set(axis.labels).size, axis.labels.length, `labels differ: ${axis.labels}`);
}

describe("the value axis", () => {
  test("linear, with as many decimals as its ticks need", () => {
    const { min, max, labels } = valueAxis(0.12, 1.9, false);
    assert.deepEqual([min, max, labels], [0, 2, ["0.0", "0.5", "1.0", "1.5", "2.0"]]);
    assert.deepEqual(valueAxis(-30, 70, false).labels, ["-50", "0", "50", "100"]);
  });

  test("logarithmic, at powers of ten or at 1, 2, 5", () => {
    assert.deepEqual(valueAxis(2e-4, 0.9, true).ticks, [1e-4, 1e-3, 0.01, 0.1, 1]);
    assert.deepEqual(valueAxis(1.2, 8, true).ticks, [1, 2, 5, 10]);
  });

  test("with equal distances, where a logarithm has no value or too few ticks", () => {
    assert.equal(valueAxis(-1, 8, true).min, -2);
    assert.equal(valueAxis(0, 8, true).min, 0);
    assert.deepEqual(valueAxis(1.5, 1.6, true), valueAxis(1.5, 1.6, false));
  });

  test("one value lies between its ends", () => {
    for (const value of [0, 1, -3, 1e-7, 12345]) {
      const axis = valueAxis(value, value, false);
      assertSound(axis, value, value);
      assert.ok(axis.min < value && value < axis.max);
    }
  });

  test("its ends stay where they are while a curve grows a little", () => {
    assert.deepEqual(valueAxis(0.2, 1.61, false), valueAxis(0.21, 1.93, false));
  });

  test("values of any size and distance", () => {
    for (let low = -12; low <= 12; low++) {
      for (let size = -8; size <= 12; size++) {
        const [from, to] = [10 ** low, 10 ** low + 1.7 * 10 ** size];
        for (const log of [false, true]) assertSound(valueAxis(from, to, log), from, to);
      }
    }
  });
});

/** How much of the height the values fill. */
function share({ min, max }: Axis, low: number, high: number, log: boolean): number {
  return log ? Math.log(high / low) / Math.log(max / min) : (high - low) / (max - min);
}

/** As they are seen: losses of all sizes, shares, rewards, perplexities, steps, times. */
const RANGES: [low: number, high: number][] = [
  ...[
    [5.2, 7],
    [0.5, 0.7],
    [1.9, 3.1],
    [2.29, 2.31],
    [0.9, 1.1],
    [1.05, 9.5],
    [3, 60],
    [0.2, 50],
    [0.31, 6.2],
    [4.9, 5.1],
  ],
  ...[
    [0.01, 2.3],
    [1e-4, 2.3],
    [1e-8, 1],
    [0.11, 0.12],
    [0.0499, 0.0501],
    [9.99, 10.01],
    [99, 101],
    [1e-5, 1.5e-4],
    [6e-7, 9e-7],
  ],
  ...[
    [0, 1],
    [0.5, 1],
    [0.91, 0.97],
    [0.984, 0.9862],
    [0, 0.03],
    [0, 1e-6],
    [1e-12, 1e12],
    [33, 34],
    [7, 700],
    [19, 21],
    [1.99, 10.1],
  ],
  ...[
    [-1, 1],
    [-21, 200],
    [-1450, -90],
    [-1e-3, 2e-3],
    [-1e6, 10],
    [-0.2, 0],
    [1e4, 5e4],
    [99_000, 101_000],
    [1e6, 2e6],
    [3e9, 3.1e9],
  ],
  ...[
    [123_456, 123_457],
    [1e15, 3e15],
    [40, 120],
    [1, 2],
    [1, 10],
    [1, 1000],
  ],
] as [number, number][];

describe("any range has two different labels or more, and fills most of its axis", () => {
  for (const [low, high] of RANGES) {
    test(`${low} to ${high}`, () => {
      for (const log of low > 0 ? [false, true] : [false]) {
        const axis = valueAxis(low, high, log);
        assertSound(axis, low, high);
        assert.ok(share(axis, low, high, log) >= 0.6, `fills ${share(axis, low, high, log)} of ${axis.min} … ${axis.max}`);
        for (const height of [40, 90, 150, 300]) {
          const { ticks, labels } = thinned(axis, height, 16, log);
          assert.ok(new Set(labels).size >= 2 && labels.length === ticks.length && labels.length * 16 <= height + 16);
        }
      }
    });
  }
});

test("a loss of 5.2 to 7 fills a logarithmic axis, with numbers one reads", () => {
  const { min, max, labels } = valueAxis(5.2, 7, true);
  assert.deepEqual([min, max, labels], [5, 7, ["5.0", "5.5", "6.0", "6.5", "7.0"]]);
  assert.deepEqual(valueAxis(4, 60, true).labels, ["2", "5", "10", "20", "50", "100"]);
});

test("where there is nothing to show, there is an axis all the same", () => {
  for (const log of [false, true]) {
    for (const [low, high] of [
      [NaN, NaN],
      [Infinity, -Infinity],
      [1, NaN],
      [-Infinity, Infinity],
      [1, Infinity],
    ]) {
      const { min, max, labels } = valueAxis(low, high, log);
      assert.ok(Number.isFinite(min) && Number.isFinite(max) && min < max && new Set(labels).size >= 2, `${low} … ${high}`);
    }
  }
});

test("a low axis has as many labels as there is room for", () => {
  const axis = valueAxis(0, 1, false);
  assert.deepEqual(thinned(axis, 200, 16, false).labels, axis.labels);
  assert.deepEqual(thinned(axis, 60, 16, false).labels, ["0.0", "0.5", "1.0"]);
  assert.deepEqual(thinned(valueAxis(0.04, 0.21, false), 60, 16, false).labels, ["0.0", "0.1", "0.2"]);
  assert.deepEqual(thinned(axis, 20, 16, false).labels, ["0", "1"]);
});

/** An axis whose ticks are closer than neighbouring numbers would be counted for ever. */
describe("at the ends of what a float can hold", () => {
  const next = 1 + Number.EPSILON;
  const highs = new Map([
    [1, [1, next, 1 + 1e-8]],
    [-next, [-1]],
    [0, [5e-324, 1.7e308]],
    [5e-324, [1e-323]],
    [1e-310, [1]],
    [-1e-320, [1e-320]],
    [-1.7e308, [1.7e308]],
    [1.7e308, [1.79e308]],
    [1e-300, [1e300]],
    [1e16, [1e16 + 2]],
    [2 ** 53, [2 ** 54]],
    [1e-3, [1e-3 + 1e-18]],
  ]);
  const extremes = [...highs].flatMap(([low, all]) => all.map((high) => [low, high]));
  for (const [low, high] of extremes) {
    test(`from ${low} to ${high}`, { timeout: 5_000 }, () => {
      for (const log of [false, true]) {
        const { min, max, ticks, labels } = valueAxis(low, high, log);
        assert.ok(Number.isFinite(min) && Number.isFinite(max) && min < max);
        assert.ok(ticks.length >= 2 && ticks.length <= 12 && ticks.length === labels.length, `${ticks}`);
      }
    });
  }
});
