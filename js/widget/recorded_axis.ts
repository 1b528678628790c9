import { evenTicks, niceAbove } from "./axes";
import { duration, oneLine, precise, truncate } from "./format";
import type { Goal, StepAxis, Ticks, XAxis } from "./step_axis";
import { RecordedScale } from "./x_scale";

/** An x axis by values that were recorded at steps and never fall: seconds of training, samples, a metric. */
export class RecordedAxis extends RecordedScale implements XAxis {
  readonly end: number;
  readonly goal: Goal | undefined;

  constructor(
    readonly by: string,
    step: Float64Array,
    value: Float64Array,
    steps: StepAxis,
  ) {
    super(step, value, { step: steps.start, x: originOf(value) });
    this.end = this.toX(steps.end);
    this.goal = steps.goal;
  }

  ticks(from: number, to: number, most: number): Ticks {
    const { name, size } = this.by === "time" ? timeUnit(to - from) : { name: truncate(oneLine(this.by), LONGEST), size: 1 };
    const { ticks, labels } = evenTicks(from / size, to / size, niceAbove((to - from) / size / Math.min(most, 6)));
    return { at: ticks.map((tick) => tick * size), labels, unit: name };
  }

  told(step: number): string {
    const x = this.toX(step);
    return this.by === "time" ? `after ${duration(x)}` : `${this.by} ${precise(x)}`;
  }
}

/** What counts from nearly 0 on is shown from 0 on. */
const originOf = (value: Float64Array): number => (value[0] > 0 && value[0] < NEARLY * value[value.length - 1] ? 0 : value[0]);

const NEARLY = 0.1;
const LONGEST = 20; // characters of a name

const UNITS = [
  { name: "s", size: 1, least: 0 },
  { name: "min", size: 60, least: 150 },
  { name: "h", size: 3600, least: 2.5 * 3600 },
  { name: "days", size: 86_400, least: 3 * 86_400 },
];

/** The greatest unit of which several are in view. */
const timeUnit = (seconds: number) => UNITS.filter(({ least }) => seconds >= least).pop()!;
