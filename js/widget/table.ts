import { Column } from "./column";
import { ABSENT, LayerMaxima } from "./layer_maxima";
import type { TableHeader } from "./protocol";

type Buffer = DataView | ArrayBuffer;

/** What holds the tables of a run, by their keys. */
export interface TableHolder {
  readonly tables: Map<string, Table>;
}

/** The rows of one table of the run that this view has received. */
export class Table {
  readonly stream: TableHeader["stream"];
  readonly columns = new Map<string, Column>();
  /** The columns with a value for each layer. */
  readonly maxima = new Map<string, LayerMaxima>();
  readonly step: Column;
  /** How many rows of the record have come, before folding. */
  rows = 0;
  /** The last known norm of each layer's weights. */
  private weights = new Float32Array(0);

  constructor({ stream, columns, widths }: TableHeader) {
    this.stream = stream;
    columns.forEach((name, i) => {
      if (widths[i]) this.maxima.set(name, new LayerMaxima(widths[i]));
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
      if (name === "parameter_norm") this.fillWeights(values, widths[i]);
      if (this.stream === "activations" && name === "mean")
        toSizes(values, float32(buffers[columns.indexOf("std")]).subarray(known * widths[i]));
      this.maxima.get(name)?.append(start + known * fold, fold, steps, values);
    });
    this.rows = Math.max(this.rows, start + count);
  }

  /** Weight norms are not measured in every row; the last ones are repeated in between. */
  private fillWeights(values: Float32Array, layers: number): void {
    if (this.weights.length !== layers) this.weights = new Float32Array(layers).fill(ABSENT);
    for (let i = 0; i < values.length; i++) {
      const layer = i % layers;
      if (values[i] === ABSENT) values[i] = this.weights[layer];
      else this.weights[layer] = values[i];
    }
  }
}

/** Makes of means how far they are from 0. Where there is no spread there is no mean either: one of -1 would look like none. */
function toSizes(means: Float32Array, spread: Float32Array): void {
  means.forEach((mean, i) => (means[i] = spread[i] === ABSENT ? ABSENT : Math.abs(mean)));
}

/** Copied, since the bytes of a message may not be aligned for a Float64Array. */
const float64 = (buffer: Buffer): Float64Array => new Float64Array(copy(buffer));
const float32 = (buffer: Buffer): Float32Array => new Float32Array(copy(buffer));

function copy(buffer: Buffer): ArrayBuffer {
  const bytes = ArrayBuffer.isView(buffer) ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength) : new Uint8Array(buffer);
  return bytes.slice().buffer;
}
