import { EventLog } from "./event_log";
import type { Faults } from "./faults";
import { LayerTabs } from "./layer_tabs";
import { MediaLook } from "./media_look";
import { MediaRoom } from "./media_room";
import type { Event, PlotSpec, State, TableHeader, Update } from "./protocol";
import { ended } from "./requests";
import { Table } from "./table";
import { Viewport } from "./viewport";

/** The kernel was restarted or shut down; it has said nothing for some time. */
export type Lost = "closed" | "silent";

/** What this view knows of the run. It calls its listeners at most once per animation frame. */
export class Store {
  state: State | null = null;
  eventLog = new EventLog();
  tables = new Map<string, Table>();
  route: Update["route"] = null;
  /** Why nothing is heard of the run any more; null while something is. */
  lost: Lost | null = null;
  /** In the order of the model, input first. */
  layers: string[] = [];
  /** Those that a person wants to see of the metrics; none: one for each group. */
  plots: PlotSpec[] = [];
  /** Where the large plot is, if there is one: its section, and the element that spans the steps in view. */
  large: { section: HTMLElement; area: HTMLElement | undefined } | undefined;
  readonly viewport = new Viewport(this);
  readonly layerTabs = new LayerTabs(() => this.touch());
  readonly look = new MediaLook();
  readonly room: MediaRoom;
  /** Changes with every update that brings something new. */
  version = 0;
  /** Each with the name of its part. */
  private listeners = new Map<() => void, string>();
  private frame = 0;
  private eventCount = 0;

  constructor(
    readonly runId: string,
    readonly runName: string,
    readonly faults: Faults,
  ) {
    this.room = new MediaRoom(runName);
  }

  /** Whether it makes sense to ask the run for anything. */
  get isSteerable(): boolean {
    return !ended(this.state) && this.lost === null;
  }

  lose(lost: Lost | null): void {
    if (lost === this.lost) return;
    this.lost = lost;
    this.touch();
  }

  /** Returns false if rows before these are missing, so that a snapshot is needed. */
  apply(update: Update, buffers: readonly (DataView | ArrayBuffer)[]): boolean {
    if (update.state) this.state = update.state;
    if (update.route) this.route = update.route;
    let isComplete = update.events ? this.appendEvents(update.events) : true;
    let next = 0;
    for (const header of update.tables) {
      const own = buffers.slice(next, (next += header.columns.length));
      isComplete = this.appendTable(header, own) && isComplete;
    }
    if (update.state || update.events || update.tables.length) this.version++;
    this.touch();
    return isComplete;
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

  private appendEvents({ start, rows }: { start: number; rows: Event[] }): boolean {
    if (start > this.eventCount) return false;
    if (start === 0) {
      this.eventCount = 0;
      this.eventLog = new EventLog(this.eventLog.version + 1);
    }
    this.eventLog.append(rows.slice(this.eventCount - start));
    this.eventCount = Math.max(this.eventCount, start + rows.length);
    return true;
  }

  private appendTable(header: TableHeader, buffers: readonly (DataView | ArrayBuffer)[]): boolean {
    const held = header.start === 0 ? undefined : this.tables.get(header.key);
    if (header.start > (held?.rows ?? 0)) return false;
    // A replaced table is a new object, so that series derived from the old one are computed again.
    const table = held ?? new Table(header);
    this.tables.set(header.key, table);
    table.append(header, buffers);
    return true;
  }
}
