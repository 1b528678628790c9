import type { Message } from "../widget/requests";

/** The widget's end of a comm: what was sent, and whom it tells of what comes. */
export class Model {
  sent: ({ id: string } & Message)[] = [];
  listeners = new Map<string, (...args: unknown[]) => void>();
  isOpen = true;
  on = (name: string, listener: () => void): void => void this.listeners.set(name, listener);
  off = (name: string): void => void this.listeners.delete(name);
  send(content: { id: string } & Message): void {
    if (!this.isOpen) throw new Error("Comm is closed");
    this.sent.push(content);
  }
  emit(name: string, ...args: unknown[]): void {
    this.listeners.get(name)?.(...args);
  }
}
