type Numbers = Float64Array | Float32Array | Int32Array;

/** A column of numbers that grows at its end without being copied at every append. */
export class Column<T extends Numbers = Float64Array> {
  private room: T;
  length = 0;

  constructor(private readonly Kind: new (length: number) => T) {
    this.room = new Kind(256);
  }

  /** A view, valid until the next append. */
  get values(): T {
    return this.room.subarray(0, this.length) as T;
  }

  get last(): number | undefined {
    return this.length ? this.room[this.length - 1] : undefined;
  }

  at(index: number): number {
    return this.room[index];
  }

  set(index: number, value: number): void {
    this.room[index] = value;
  }

  push(value: number): void {
    this.reserve(this.length + 1);
    this.room[this.length++] = value;
  }

  append(values: T): void {
    this.reserve(this.length + values.length);
    this.room.set(values, this.length);
    this.length += values.length;
  }

  /** Numbers that are added this way are yet to be written. */
  resize(length: number): void {
    this.reserve(length);
    this.length = length;
  }

  clear(): void {
    this.length = 0;
  }

  private reserve(length: number): void {
    if (length <= this.room.length) return;
    const room = new this.Kind(Math.max(length, 2 * this.room.length));
    room.set(this.values);
    this.room = room;
  }
}

/** The first index from `low` on whose value is not below `bound`, in ascending values. */
export function lowerBound(values: Float64Array, bound: number, low = 0): number {
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
