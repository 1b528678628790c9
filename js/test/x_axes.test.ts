import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Curve } from "../widget/curve";
import { EventLog } from "../widget/event_log";
import { Growing } from "../widget/growing";
import { isMetric } from "../widget/metrics";
import type { Event, State } from "../widget/protocol";
import { ratesOf } from "../widget/rates";
import { highest, Rising, sum } from "../widget/rising";
import type { Table } from "../widget/table";
import { startsOf, trainingTime } from "../widget/training_time";
import { type Span, Viewport } from "../widget/viewport";
import { RecordedScale } from "../widget/x_scale";
import { range, rows, tableOf } from "./rows";

const numbers = (...values: number[]) => Float64Array.from(values);

describe("a recorded scale", () => {
  const scale = new RecordedScale(numbers(1, 2, 4, 5), numbers(10, 20, 20, 50));

  test("is straight between what was recorded, and goes on after it", () => {
    assert.deepEqual(
      [0, 1, 1.5, 2, 3, 4.5, 5, 7].map((step) => scale.toX(step)),
      [10, 10, 15, 20, 20, 35, 50, 70],
    );
    assert.deepEqual(
      [0, 10, 15, 35, 50, 70].map((x) => scale.toStep(x)),
      [1, 1, 1.5, 4.5, 5, 7],
    );
  });

  test("shows each point of a curve where it lies, also where it stands still", () => {
    const curve = new Curve("loss");
    [7, 8, 1, 9].forEach((value, i) => curve.push([1, 2, 4, 5][i], value));
    const { x, y } = curve.points({ from: 10, to: 50, columns: 80, log: false, scale });
    assert.deepEqual(y, [7, 8, 1, 9]);
    [10, 20, 20, 50].forEach((wanted, i) => assert.ok(Math.abs(x[i] - wanted) < 0.01));
    assert.ok(x[2] > x[1]);
  });

  test("loses no spike", () => {
    const [steps, spike] = [20_000, 12_345];
    const curve = new Curve("loss");
    for (let step = 1; step <= steps; step++) curve.push(step, step === spike ? 50 : 0.5);
    const value = Float64Array.from(curve.step.values, (step) => step ** 2);
    const { x, y } = curve.points({
      from: 0,
      to: steps ** 2,
      columns: 300,
      log: false,
      scale: new RecordedScale(curve.step.values, value),
    });
    assert.ok(Math.abs(x[y.indexOf(50)] - spike ** 2) < 1e4 && x.length <= 604);
    assert.ok(x.every((one, i) => i === 0 || one > x[i - 1]));
  });
});

describe("values that never fall", () => {
  const taken = (rising: Rising, step: number[], value: number[]) => [...rising.take(numbers(...step), numbers(...value))];

  test("are the highest so far, or a sum in which steps that were not logged count too", () => {
    assert.deepEqual(taken(new Rising(highest), [1, 2, 3, 4], [3, 2, NaN, 5]), [3, 3, 3, 5]);
    assert.deepEqual(taken(new Rising(sum), [1, 2, 12], [8, 8, 4]), [8, 16, 56]);
  });

  test("are the same taken piece by piece, with a last one that changed, and after others came before", () => {
    const rising = new Rising(sum);
    taken(rising, [5, 6, 7], [1, 1, 9]);
    assert.deepEqual(taken(rising, [5, 6, 7, 8], [1, 1, 2, 3]), [1, 2, 4, 7]);
    assert.deepEqual(taken(rising, [1, 2, 3, 4, 5], [1, 1, 1, 1, 1]), [1, 2, 3, 4, 5]);
  });
});

describe("the time of a training", () => {
  const timeOf = (pauses: Span[], starts: number[], time: number[]) => [
    ...new Rising(trainingTime(pauses, starts)).take(numbers(...range(1, time.length)), numbers(...time)),
  ];

  test("begins with the first step, and leaves out pauses", () => {
    assert.deepEqual(timeOf([], [], [100, 101, 103]), [0, 1, 3]);
    assert.deepEqual(timeOf([[101.5, 160.5]], [], [100, 101, 161, 162]), [0, 1, 2, 3]);
    assert.deepEqual(timeOf([[101, Infinity]], [], [100, 101]), [0, 1]);
  });

  test("leaves out what lies between a run and the one that goes on from it", () => {
    assert.deepEqual(timeOf([], [4], [100, 102, 104, 90_000, 90_001]), [0, 2, 4, 6, 7]);
  });

  test("knows from the tables where a run goes on", () => {
    const table = (first: number) => tableOf(rows("train", { _step: range(first, first + 9), loss: range(0, 9) }));
    const tables = new Map<string, Table>([
      ["train", table(41)],
      ["train.1", table(45)],
      ["a/train", table(1)],
      ["b/train", table(11)],
      ["b/valid", tableOf(rows("valid", { _step: [1] }))],
    ]);
    assert.deepEqual(startsOf(tables), [11, 41]);
  });
});

describe("metrics that grow", () => {
  const columns = { _step: range(1, 20), env_steps: range(1, 20).map((i) => 64 * i), hours: range(1, 20).map((i) => i / 10) };
  const found = (table: Table) => [...new Growing().take([table], isMetric)];

  test("are told from those that do not", () => {
    const others = {
      loss: range(1, 20).map((i) => 1 / i),
      flat: range(1, 20).map(() => 3),
      noisy: range(1, 20).map((i) => i % 7),
      learning_rate: range(1, 20),
    };
    assert.deepEqual(found(tableOf(rows("train", { ...columns, ...others }))), [
      ["env_steps", true],
      ["hours", false],
    ]);
  });

  test("need ten values, if they are not whole numbers", () => {
    assert.deepEqual(found(tableOf(rows("train", { _step: [1, 2], acc: [0.1, 0.2], tokens: [0, 512] }))), [["tokens", true]]);
  });

  test("are none any more after they fell, also in another table", () => {
    const growing = new Growing();
    const table = tableOf(rows("train", { _step: [1, 2, 3], tokens: [1, 2, 3] }));
    assert.deepEqual([...growing.take([table], isMetric).keys()], ["tokens"]);
    const later = rows("train", { _step: [4, 5], tokens: [0, 9] }, { start: 3 });
    table.append(later.header, later.buffers);
    assert.equal(growing.take([table], isMetric).size, 0);
  });
});

describe("the rate of what counts", () => {
  const rated = (columns: Record<string, number[]>, eventLog = new EventLog()) => {
    const tables = new Map([["train", tableOf(rows("train", columns))]]);
    const viewport = new Viewport({ tables, state: null, eventLog, version: 0, touch() {} });
    return ratesOf({ tables, viewport, eventLog, state: null });
  };
  const step = range(1, 100);

  test("is that of the last half minute", () => {
    const tokens = step.map((i) => (i <= 50 ? 10 * i : 500 + 64 * (i - 50)));
    assert.deepEqual(rated({ _step: step, tokens, loss: step.map((i) => 1 / i), _time: step }), [{ name: "tokens", perSecond: 64 }]);
    assert.deepEqual(rated({ _step: [1, 2], tokens: [0, 600], _time: [0, 300] }), [{ name: "tokens", perSecond: 2 }]);
  });

  test("leaves out pauses", () => {
    const eventLog = new EventLog();
    const at = (time: number, status: string) => ({ event: "status", status, time, step: 1 }) as Event;
    eventLog.append([at(2, "paused"), at(12, "running")]);
    assert.deepEqual(rated({ _step: [1, 2], tokens: [0, 100], _time: [0, 20] }, eventLog), [{ name: "tokens", perSecond: 10 }]);
  });

  test("is none without times, or while the clock stands still", () => {
    assert.deepEqual(rated({ _step: step, tokens: step }), []);
    assert.deepEqual(rated({ _step: step, tokens: step, _time: step.map(() => 0) }), []);
  });
});

describe("a viewport by another axis", () => {
  const paused: Event[] = ["paused", "running"].map((status, i) => ({
    event: "status",
    status,
    time: 1150.5 + 100 * i,
    step: 50,
  })) as Event[];

  function viewOf() {
    const step = range(1, 100);
    const time = step.map((i) => 1100 + i + (i > 50 ? 100 : 0));
    const train = tableOf(
      rows("train", { _step: step, tokens: step.map((i) => i * i), _samples: step.map(() => 32), loss: step, _time: time }),
    );
    const eventLog = new EventLog();
    eventLog.append(paused);
    const source = { tables: new Map([["train", train]]), state: null as State | null, eventLog, version: 0, touch() {} };
    return new Viewport(source);
  }

  test("has as choices what grows, and shows steps where that is not there", () => {
    const view = viewOf();
    assert.deepEqual(view.choices, ["step", "time", "samples", "tokens", "loss"]);
    view.by = "nonsense";
    assert.equal(view.xAxis, view.stepAxis);
  });

  test("shows tokens, samples, or time without the pause", () => {
    const view = viewOf();
    const ends = ["tokens", "samples", "time"].map((by) => {
      view.by = by;
      return view.byX.span.map(Math.round);
    });
    assert.deepEqual(ends, [
      [0, 10_000],
      [0, 3200],
      [0, 99],
    ]);
    const { at, labels, unit } = view.xAxis.ticks(0, 99, 8);
    assert.deepEqual([at, labels, unit], [[0, 20, 40, 60, 80], ["0", "20", "40", "60", "80"], "s"]);
    assert.equal(view.xAxis.told(51), "after 0:50");
  });

  test("zooms and pans in terms of its axis, and keeps the steps for others", () => {
    const view = viewOf();
    view.by = "tokens";
    view.byX.zoomTo(400, 2500);
    assert.deepEqual(
      [view.span, view.byX.span],
      [
        [20, 50],
        [400, 2500],
      ],
    );
    view.byX.magnify(0.5, 1450);
    assert.deepEqual(view.byX.span.map(Math.round), [925, 1975]);
    view.by = null;
    assert.deepEqual(view.span.map(Math.round), [30, 44]);
    view.byX.reset();
    assert.deepEqual(view.span, [0, 100]);
  });

  test("has ticks in minutes, hours and days, and thousands and millions", () => {
    const view = viewOf();
    view.by = "time";
    const units = [60, 600, 7200, 36_000, 1e6]
      .map((to) => view.xAxis.ticks(0, to, 8))
      .map(({ labels, unit }) => `${labels.slice(-1)} ${unit}`);
    assert.deepEqual(units, ["60 s", "10 min", "120 min", "10 h", "10 days"]);
    view.by = "tokens";
    assert.deepEqual(view.xAxis.ticks(0, 5e9, 8).labels, ["0", "1B", "2B", "3B", "4B", "5B"]);
    assert.deepEqual(view.xAxis.ticks(0, 0.5, 8).labels, ["0.0", "0.1", "0.2", "0.3", "0.4", "0.5"]);
  });
});
