type Numbers = Float64Array | Float32Array | Int32Array;

/** A column of numbers that grows at its end without being copied at every append. */
export class Column<T extends Numbers = Float64Array> {
  private buffer: T;
  length = 0;

  constructor(private readonly Kind: new (length: number) => T) {
    this.buffer = new Kind(256);
  }

  /** A view, valid until the next append. */
  get values(): T {
    return this.buffer.subarray(0, this.length) as T;
  }

  get last(): number | undefined {
    return this.length ? this.buffer[this.length - 1] : undefined;
  }

  at(index: number): number {
    return this.buffer[index];
  }

  set(index: number, value: number): void {
    this.buffer[index] = value;
  }

  push(value: number): void {
    this.reserve(this.length + 1);
    this.buffer[this.length++] = value;
  }

  append(values: T): void {
    this.reserve(this.length + values.length);
    this.buffer.set(values, this.length);
    this.length += values.length;
  }

  /** New numbers are not initialized. */
  resize(length: number): void {
    this.reserve(length);
    this.length = length;
  }

  clear(): void {
    this.length = 0;
  }

  private reserve(length: number): void {
    if (length <= this.buffer.length) return;
    const buffer = new this.Kind(Math.max(length, 2 * this.buffer.length));
    buffer.set(this.values);
    this.buffer = buffer;
  }
}

/** The first index from `low` on whose value is at least `bound`, in ascending values. It is found the faster, the nearer it is. */
export function lowerBound(values: Float64Array, bound: number, low = 0): number {
  let high = low ? low : values.length;
  for (let stride = 1; high < values.length && values[high] < bound; stride *= 2) {
    low = high + 1;
    high = low + stride;
  }
  if (high > values.length) high = values.length;
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
