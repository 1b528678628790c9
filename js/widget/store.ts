import type { Faults } from "./faults";
import { Ledger } from "./ledger";
import type { Event, State, TableHeader, Update } from "./protocol";
import { Table } from "./table";
import { Viewport } from "./viewport";

/** What this view knows of the run. It tells its listeners at most once per animation frame. */
export class Store {
  state: State | null = null;
  ledger = new Ledger();
  tables = new Map<string, Table>();
  route: Update["route"] = null;
  /** In the order of the model, input first. */
  layers: string[] = [];
  readonly viewport = new Viewport(this);
  /** Changes whenever something became known. */
  version = 0;
  /** Each with the part it draws. */
  private listeners = new Map<() => void, string>();
  private frame = 0;
  /** How many events are known. */
  private events = 0;

  constructor(readonly runId: string, readonly runName: string, readonly faults: Faults) {}

  /** False when rows before these were missed, so that a snapshot is needed. */
  apply(update: Update, buffers: readonly (DataView | ArrayBuffer)[]): boolean {
    if (update.state) this.state = update.state;
    if (update.route) this.route = update.route;
    let whole = update.events ? this.joinEvents(update.events) : true;
    let next = 0;
    for (const header of update.tables) {
      const own = buffers.slice(next, (next += header.columns.length));
      whole = this.joinTable(header, own) && whole;
    }
    if (update.state || update.events || update.tables.length) this.version++;
    this.touch();
    return whole;
  }

  nameLayers(layers: string[]): void {
    this.layers = layers;
    this.version++;
    this.touch();
  }

  /** Calls `listener` now and after every change, until the returned function is called. */
  listen(listener: () => void): () => void {
    this.listeners.set(listener, this.faults.part);
    listener();
    return () => this.listeners.delete(listener);
  }

  touch(): void {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      for (const [listener, part] of this.listeners) {
        if (!this.faults.attempt(part, listener)) this.listeners.delete(listener);
      }
    });
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    this.listeners.clear();
  }

  private joinEvents({ start, rows }: { start: number; rows: Event[] }): boolean {
    if (start > this.events) return false;
    if (start === 0) {
      this.events = 0;
      this.ledger = new Ledger(this.ledger.version + 1);
    }
    this.ledger.take(rows.slice(this.events - start));
    this.events = Math.max(this.events, start + rows.length);
    return true;
  }

  private joinTable(header: TableHeader, buffers: readonly (DataView | ArrayBuffer)[]): boolean {
    const held = header.start === 0 ? undefined : this.tables.get(header.key);
    if (header.start > (held?.rows ?? 0)) return false;
    // A replaced table is a new object: whoever derived something from the old one can tell.
    const table = held ?? new Table(header);
    this.tables.set(header.key, table);
    table.append(header, buffers);
    return true;
  }
}
