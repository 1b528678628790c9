import { Column } from "./column";
import { ABSENT, Peaks } from "./peaks";
import type { TableHeader } from "./protocol";

type Buffer = DataView | ArrayBuffer;

/** What this view holds of one table of the run's record. */
export class Table {
  readonly stream: TableHeader["stream"];
  readonly columns = new Map<string, Column>();
  /** The columns with a number for every layer. */
  readonly peaks = new Map<string, Peaks>();
  readonly step: Column;
  /** How many rows of the record are known, be it that several of them came as one. */
  rows = 0;
  /** The last norm known of each layer's weights. */
  private weights = new Float32Array(0);

  constructor({ stream, columns, widths }: TableHeader) {
    this.stream = stream;
    columns.forEach((name, i) => {
      if (widths[i]) this.peaks.set(name, new Peaks(widths[i]));
      else this.columns.set(name, new Column(Float64Array));
    });
    this.step = this.columns.get(columns[0])!;
  }

  append({ columns, widths, start, count, fold }: TableHeader, buffers: readonly Buffer[]): void {
    const known = Math.ceil((this.rows - start) / fold);
    const steps = float64(buffers[0]).subarray(known);
    columns.forEach((name, i) => {
      if (!widths[i]) return this.columns.get(name)?.append(float64(buffers[i]).subarray(known));
      const values = float32(buffers[i]).subarray(known * widths[i]);
      if (name === "parameter_norm") this.hold(values, widths[i]);
      this.peaks.get(name)?.append(start + known * fold, fold, steps, values);
    });
    this.rows = Math.max(this.rows, start + count);
  }

  /** Weights are measured now and then only; in between they are what they were. */
  private hold(values: Float32Array, layers: number): void {
    if (this.weights.length !== layers) this.weights = new Float32Array(layers).fill(ABSENT);
    for (let i = 0; i < values.length; i++) {
      const layer = i % layers;
      if (values[i] === ABSENT) values[i] = this.weights[layer];
      else this.weights[layer] = values[i];
    }
  }
}

/** Copied, since a message's bytes need not lie where a Float64Array may begin. */
const float64 = (buffer: Buffer): Float64Array => new Float64Array(copy(buffer));
const float32 = (buffer: Buffer): Float32Array => new Float32Array(copy(buffer));

function copy(buffer: Buffer): ArrayBuffer {
  const bytes = ArrayBuffer.isView(buffer)
    ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
    : new Uint8Array(buffer);
  return bytes.slice().buffer;
}
