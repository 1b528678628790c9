import type { Curve } from "./curve";
import type { EventLog } from "./event_log";
import { Growing } from "./growing";
import { isMetric, SAMPLES, TIME } from "./metrics";
import { RecordedAxis } from "./recorded_axis";
import { Mean } from "./reduction";
import { highest, Rising, sum } from "./rising";
import { Series } from "./series";
import type { StepAxis } from "./step_axis";
import type { Table } from "./table";
import { startsOf, trainingTime } from "./training_time";

/** What the values of an x axis are: `step`, `epoch`, `time`, `samples`, or a metric that grows. */
export type By = string;

/** Metrics of these names can't be chosen. */
const OWN = ["step", "epoch", "time", "samples"];

/** The x axes that a run has beside that of its steps: by its time, its samples, and each metric that grows. */
export class XAxes {
  private growing = new Growing();
  private held = new Map<By, { series: Series; rising: Rising }>();
  private time = new Series(TIME);
  private clock = new Rising(highest);
  private training = new Rising(trainingTime([], []));
  private breaks = "";

  /** By what else than steps there can be an axis now. */
  choices(tables: Map<string, Table>): By[] {
    const own = trainOf(tables);
    const metrics = [...this.growing.take(own, isMetric).keys()].filter((name) => !OWN.includes(name));
    const isKnown = (column: string) => own.some(({ columns }) => grows(columns.get(column)?.values));
    return [
      ...(isKnown(TIME) ? ["time"] : []),
      ...(own.some(({ columns }) => columns.get(SAMPLES)?.length) ? ["samples"] : []),
      ...metrics,
    ];
  }

  /** The metrics that count something. */
  counters(tables: Map<string, Table>): string[] {
    return [...this.growing.take(trainOf(tables), isMetric)].filter(([, isWhole]) => isWhole).map(([name]) => name);
  }

  /** undefined if there is none. */
  axis(by: By, tables: Map<string, Table>, eventLog: EventLog, steps: StepAxis): RecordedAxis | undefined {
    const [curve, values] = by === "time" ? this.byTime(tables, eventLog) : this.byColumn(by, tables);
    return grows(values) ? new RecordedAxis(by, curve.step.values, values, steps) : undefined;
  }

  private byTime(tables: Map<string, Table>, eventLog: EventLog): [Curve, Float64Array] {
    const { time } = this;
    const starts = startsOf(tables);
    const pauses = eventLog.pauses;
    const breaks = JSON.stringify([starts, pauses]);
    if (breaks !== this.breaks) this.training = new Rising(trainingTime(pauses, starts));
    this.breaks = breaks;
    time.take(trainOf(tables));
    return [time, this.training.take(time.step.values, this.clock.take(time.step.values, time.value.values))];
  }

  private byColumn(by: By, tables: Map<string, Table>): [Curve, Float64Array] {
    const isSamples = by === "samples";
    const held = this.held.get(by) ?? {
      series: isSamples ? new Series(SAMPLES) : new Series(by, new Mean()),
      rising: new Rising(isSamples ? sum : highest),
    };
    this.held.set(by, held);
    held.series.take(trainOf(tables));
    const { step, value } = held.series;
    return [held.series, held.rising.take(step.values, value.values)];
  }
}

const trainOf = (tables: Map<string, Table>): Table[] => [...tables.values()].filter(({ stream }) => stream === "train");

const grows = (values: Float64Array | undefined): boolean => values !== undefined && values[values.length - 1] > values[0];
