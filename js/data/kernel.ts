import type { AnyModel } from "@anywidget/types";
import type { Answer, Shown } from "./protocol";

export interface DataTraits {
  /** Which of the views it is. */
  view: string;
  shown: Shown;
  /** Of the output that a saved notebook has in its place. */
  summary_id: string;
}

interface Asked {
  content: { id: string; request: string; arguments: object };
  since: number;
  settle: (found: unknown) => void;
  fail: (error: Error) => void;
}

/** The connection to the kernel was closed, says JupyterLab. */
const CLOSED = "comm_live_update";
const AGAIN_MS = 3000;
const LAST_MS = 120_000;

/** Sends requests, each again until it is answered: a message can be lost while the kernel is busy, and the kernel does none twice. */
export class Kernel {
  isGone = false;
  /** Called when a request is sent or answered, and when the kernel is gone. */
  changed = () => {};
  private asked = new Map<string, Asked>();
  private timer = setInterval(() => this.askAgain(), AGAIN_MS);
  private count = 0;
  private prefix = Math.random().toString(36).slice(2);

  constructor(private model: AnyModel<DataTraits>) {
    model.on("msg:custom", this.receive);
    model.on(CLOSED, this.close);
  }

  /** Whether something was asked and not answered yet. */
  get isBusy(): boolean {
    return this.asked.size > 0;
  }

  /** Whether an answer takes unusually long. */
  get isSlow(): boolean {
    return [...this.asked.values()].some(({ since }) => Date.now() - since >= AGAIN_MS);
  }

  /** Resolves with what was found; rejects with the reason in words. */
  ask<Found>(request: string, given: object = {}): Promise<Found> {
    if (this.isGone) return Promise.reject(new Error("The kernel is gone."));
    const content = { id: `${this.prefix} ${++this.count}`, request, arguments: given };
    return new Promise<Found>((settle, reject) => {
      this.asked.set(content.id, { content, since: Date.now(), settle: settle as (found: unknown) => void, fail: reject });
      this.post(content);
      this.changed();
    });
  }

  dispose(): void {
    clearInterval(this.timer);
    this.model.off("msg:custom", this.receive);
    this.model.off(CLOSED, this.close);
  }

  private receive = (answer: Answer): void => {
    if (answer?.kind !== "answer") return;
    const asked = this.asked.get(answer.id);
    if (!asked) return;
    this.asked.delete(answer.id);
    if (answer.error) asked.fail(new Error(answer.error));
    else asked.settle(answer.found);
    this.changed();
  };

  /** What waits now must not be done whenever a kernel comes back. */
  private close = (): void => {
    this.isGone = true;
    for (const { fail } of this.asked.values()) fail(new Error("The kernel is gone, and has not answered this."));
    this.asked.clear();
    this.changed();
  };

  private askAgain(): void {
    for (const [id, { content, since, fail }] of this.asked) {
      if (Date.now() - since < LAST_MS) this.post(content);
      else {
        this.asked.delete(id);
        fail(new Error("The kernel has not answered for two minutes: it is busy, or gone."));
      }
    }
    if (this.isBusy) this.changed();
  }

  private post(content: Asked["content"]): void {
    try {
      this.model.send(content);
    } catch {
      // A comm that is closed for the moment throws; the next attempt may find it open.
    }
  }
}
