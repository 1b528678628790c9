import { Column } from "./column";
import type { Event, State, TableHeader, Update } from "./protocol";

export interface Table {
  readonly stream: "train" | "valid";
  readonly columns: Map<string, Column>;
  readonly step: Column;
}

/** What this view knows of the run. It tells its listeners at most once per animation frame. */
export class Store {
  state: State | null = null;
  events: Event[] = [];
  tables = new Map<string, Table>();
  route: Update["route"] = null;
  /** Changes whenever something became known. */
  version = 0;
  private listeners = new Set<() => void>();
  private frame = 0;

  constructor(readonly runId: string, readonly runName: string) {}

  /** False when rows before these were missed, so that a snapshot is needed. */
  apply(update: Update, buffers: readonly (DataView | ArrayBuffer)[]): boolean {
    if (update.state) this.state = update.state;
    if (update.route) this.route = update.route;
    let whole = update.events ? this.joinEvents(update.events) : true;
    let next = 0;
    for (const header of update.tables) {
      const rows = header.columns.map((_, i) => float64(buffers[next + i]));
      next += header.columns.length;
      whole = this.joinTable(header, rows) && whole;
    }
    if (update.state || update.events || update.tables.length) this.version++;
    this.touch();
    return whole;
  }

  /** Calls `listener` now and after every change, until the returned function is called. */
  listen(listener: () => void): () => void {
    this.listeners.add(listener);
    listener();
    return () => this.listeners.delete(listener);
  }

  touch(): void {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.listeners.forEach((listener) => listener());
    });
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    this.listeners.clear();
  }

  private joinEvents({ start, rows }: { start: number; rows: Event[] }): boolean {
    if (start > this.events.length) return false;
    if (start === 0) this.events = rows;
    else this.events = this.events.concat(rows.slice(this.events.length - start));
    return true;
  }

  private joinTable(header: TableHeader, rows: Float64Array[]): boolean {
    const held = header.start === 0 ? undefined : this.tables.get(header.key);
    const known = held?.step.length ?? 0;
    if (header.start > known) return false;
    const table = held ?? this.newTable(header);
    header.columns.forEach((name, i) => {
      table.columns.get(name)?.append(rows[i].subarray(known - header.start));
    });
    return true;
  }

  /** A replaced table is a new object: whoever derived something from the old one can tell. */
  private newTable({ key, stream, columns }: TableHeader): Table {
    const named = new Map(columns.map((name) => [name, new Column()]));
    const table = { stream, columns: named, step: named.get(columns[0])! };
    this.tables.set(key, table);
    return table;
  }
}

/** Copied, since a message's bytes need not lie where a Float64Array may begin. */
function float64(buffer: DataView | ArrayBuffer): Float64Array {
  const bytes = ArrayBuffer.isView(buffer)
    ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
    : new Uint8Array(buffer);
  return new Float64Array(bytes.slice().buffer);
}
