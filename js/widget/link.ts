import type { AnyModel } from "@anywidget/types";
import type { ArgumentsOf, Command, Request, Traits, Update } from "./protocol";
import type { Store } from "./store";

interface Sent {
  content: { id: string } & Command;
  since: number;
  acknowledged: boolean;
}

const RESEND_MS = 250;
const PATIENCE_MS = 3000;
/** A view's first messages leave before the front end has opened the route that later ones take. */
const GREETING_MS = 1500;

/** The talk with the kernel. A message can be lost while the kernel is busy, so each is sent until acknowledged. */
export class Link {
  /** What this view asked for and has heard nothing of, by id. */
  private sent = new Map<string, Sent>();
  private timer: ReturnType<typeof setInterval> | undefined;
  private greeting = setTimeout(() => this.send({ command: "hello" }), GREETING_MS);

  constructor(private model: AnyModel<Traits>, private store: Store) {
    model.on("msg:custom", this.receive);
    this.snapshot();
  }

  send(command: Command): void {
    const content = { id: newId(), ...command };
    this.sent.set(content.id, { content, since: Date.now(), acknowledged: false });
    this.post(content);
    this.timer ??= setInterval(this.resend, RESEND_MS);
    this.store.touch();
  }

  /** The arguments of the commands of a kind whose outcome is not known yet, oldest first. */
  outstanding<C extends Request["command"]>(command: C): ArgumentsOf<C>[] {
    const contents = [...this.sent.values()].map(({ content }) => content as Request);
    return contents.filter((content) => content.command === command).map((content) => content.arguments as ArgumentsOf<C>);
  }

  /** Whether some command has been without an answer for longer than anyone expects. */
  get unanswered(): boolean {
    return this.waiting().some(({ since }) => Date.now() - since > PATIENCE_MS);
  }

  dispose(): void {
    clearInterval(this.timer);
    clearTimeout(this.greeting);
    this.model.off("msg:custom", this.receive);
  }

  private waiting(): Sent[] {
    return [...this.sent.values()].filter(({ acknowledged }) => !acknowledged);
  }

  private snapshot(): void {
    const outstanding = this.waiting().some(({ content }) => content.command === "snapshot");
    if (!outstanding) this.send({ command: "snapshot" });
  }

  private receive = (update: Update, buffers: DataView[] = []): void => {
    if (update?.kind !== "update") return;
    for (const id of update.acknowledged) {
      const sent = this.sent.get(id);
      if (sent) sent.acknowledged = true;
    }
    this.store.faults.attempt("data", () => {
      if (!this.store.apply(update, buffers)) this.snapshot();
      this.settle();
    });
  };

  private settle(): void {
    for (const [id, { content, acknowledged }] of this.sent) {
      const isTalk = content.command === "snapshot" || content.command === "hello";
      const isDone = isTalk ? acknowledged : this.store.ledger.isSettled(id);
      if (isDone) this.sent.delete(id);
    }
  }

  private resend = (): void => {
    const waiting = this.waiting();
    waiting.forEach(({ content }) => this.post(content));
    if (!waiting.length) {
      clearInterval(this.timer);
      this.timer = undefined;
    }
    this.store.touch();
  };

  private post(content: Sent["content"]): void {
    try {
      this.model.send(content);
    } catch {
      // A comm that is closed for the moment throws; the next attempt may find it open.
    }
  }
}

/** `crypto.randomUUID` exists in secure contexts only, and a notebook server is often plain http. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
