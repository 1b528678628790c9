import type { Cells } from "./cells";
import { ABSENT } from "./layer_maxima";
import { higher } from "./pyramid";

const GAP = 8; // device px that a row must have at least to be separated from the next one by a line

/** Paints cells onto a canvas: the columns of `cells` are its pixel columns, the layers share its height. */
export class HeatImage {
  private buffer = document.createElement("canvas");

  constructor(private canvas: HTMLCanvasElement) {}

  /** `colors` has a pixel for every upper half of a float32. */
  paint(cells: Cells, height: number, colors: Uint32Array): void {
    const { columns } = cells;
    const { layers } = cells.maxima;
    const rows = Math.min(layers, height);
    const image = new ImageData(columns, rows);
    const pixels = new Uint32Array(image.data.buffer);
    const values = new Float32Array(layers);
    const shown = rows < layers ? new Float32Array(rows) : values;
    const rowOf = Int32Array.from(values, (_, layer) => Math.floor((layer * rows) / layers));
    const bits = new Uint32Array(shown.buffer);
    for (let column = 0; column < columns; column++) {
      if (cells.isEmpty(column)) continue;
      if (!cells.continues(column)) {
        cells.read(column, values);
        if (shown !== values) join(values, rowOf, shown);
      }
      for (let row = 0, at = column; row < rows; row++, at += columns) pixels[at] = colors[bits[row] >>> 16];
    }
    this.show(image, height);
  }

  private show(image: ImageData, height: number): void {
    const { buffer, canvas } = this;
    const { width, height: rows } = image;
    [buffer.width, buffer.height] = [width, rows];
    buffer.getContext("2d")!.putImageData(image, 0, 0);
    [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext("2d")!;
    context.imageSmoothingEnabled = false;
    context.drawImage(buffer, 0, 0, width, rows, 0, 0, width, height);
    if (height < GAP * rows) return;
    for (let row = 1; row <= rows; row++) {
      context.clearRect(0, Math.round((row * height) / rows) - devicePixelRatio, width, devicePixelRatio);
    }
  }
}

/** Where layers share a row of pixels, the highest of them shows. */
function join(values: Float32Array, rowOf: Int32Array, rows: Float32Array): void {
  rows.fill(ABSENT);
  for (let layer = 0; layer < values.length; layer++) {
    rows[rowOf[layer]] = higher(rows[rowOf[layer]], values[layer]);
  }
}
