/** A column of numbers that grows at its end without being copied at every append. */
export class Column {
  private room = new Float64Array(256);
  length = 0;

  /** A view, valid until the next append. */
  get values(): Float64Array {
    return this.room.subarray(0, this.length);
  }

  get last(): number | undefined {
    return this.length ? this.room[this.length - 1] : undefined;
  }

  push(value: number): void {
    this.reserve(this.length + 1);
    this.room[this.length++] = value;
  }

  append(values: Float64Array): void {
    this.reserve(this.length + values.length);
    this.room.set(values, this.length);
    this.length += values.length;
  }

  clear(): void {
    this.length = 0;
  }

  private reserve(length: number): void {
    if (length <= this.room.length) return;
    const room = new Float64Array(Math.max(length, 2 * this.room.length));
    room.set(this.values);
    this.room = room;
  }
}

/** The first index whose value is not below `bound`, in ascending values. */
export function lowerBound(values: Float64Array, bound: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The index of the value nearest to `wanted`, in ascending values that are not empty. */
export function nearest(values: Float64Array, wanted: number): number {
  const above = Math.min(lowerBound(values, wanted), values.length - 1);
  const below = Math.max(above - 1, 0);
  return wanted - values[below] <= values[above] - wanted ? below : above;
}
