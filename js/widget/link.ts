import type { AnyModel } from "@anywidget/types";
import { MediaFiles } from "./media_files";
import type { Arguments, MediaFile, Traits, Update } from "./protocol";
import { argumentsText, ended, isDoneAtOnce, isViewMessage, type Message, type Request } from "./requests";
import type { Lost, Store } from "./store";

/** The widget's connection to the kernel was closed, says JupyterLab. */
const CLOSED = "comm_live_update";

interface Sent {
  content: { id: string } & Message;
  since: number;
  acknowledged: boolean;
}

const RESEND_MS = 250;
const UNANSWERED_MS = 3000;
/** What is not acknowledged for a while is sent more and more rarely, and then no more: a busy kernel has it in its queue. */
const SLOWEST_MS = 5000;
const LAST_MS = 120_000;
/** A run that goes on is heard of at least every two seconds. */
const LOOK_MS = 1000;
const SILENT_LOOKS = 7;
/** The first messages of a view may take another route than later ones, so the route is asked for again. */
const HELLO_MS = 1500;

/** The connection to the kernel. A message can be lost while the kernel is busy, so each is sent until it is acknowledged. */
export class Link {
  /** What was shown, as far as it was asked for. */
  readonly files = new MediaFiles(
    (file) => this.send({ command: "media", file }),
    () => this.store.touch(),
  );
  /** Messages of this view that are not acknowledged, or whose outcome is not known, by id. */
  private sent = new Map<string, Sent>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private lookTimer = setInterval(() => this.look(), LOOK_MS);
  /** How often it was looked since something was heard. Seconds would not do: a computer may have slept. */
  private looks = 0;
  private helloTimer = setTimeout(() => this.send({ command: "hello" }), HELLO_MS);

  constructor(
    private model: AnyModel<Traits>,
    private store: Store,
  ) {
    model.on("msg:custom", this.receive);
    model.on(CLOSED, this.close);
    this.snapshot();
  }

  send(message: Message): void {
    const content = { id: newId(), ...message };
    this.sent.set(content.id, { content, since: Date.now(), acknowledged: false });
    this.post(content);
    clearTimeout(this.timer);
    this.timer = setTimeout(this.resend, RESEND_MS);
    this.store.touch();
  }

  /** Whether the outcome of a command of this name is not known yet. */
  isOutstanding(command: string): boolean {
    return this.outstandingCommands.includes(command);
  }

  /** The names of all commands whose outcome is not known yet, oldest first. */
  get outstandingCommands(): string[] {
    return [...this.sent.values()].map(({ content }) => content.command).filter((command) => !isViewMessage(command));
  }

  /** The arguments of the commands of a kind whose outcome is not known yet, oldest first. */
  outstanding<C extends keyof Arguments>(command: C): Arguments[C][] {
    const contents = [...this.sent.values()].map(({ content }) => content as Request);
    return contents.filter((content) => content.command === command).map((content) => content.arguments as Arguments[C]);
  }

  /** Whether the outcome of a command with these arguments is not known yet. */
  isAsked(command: string, given: object): boolean {
    const wanted = argumentsText(given);
    return [...this.sent.values()].some(
      ({ content }) => content.command === command && "arguments" in content && argumentsText(content.arguments) === wanted,
    );
  }

  /** Whether a message has waited unusually long for its acknowledgement. */
  get unanswered(): boolean {
    return this.waiting().some(({ since }) => Date.now() - since > UNANSWERED_MS);
  }

  dispose(): void {
    clearTimeout(this.timer);
    clearTimeout(this.helloTimer);
    clearInterval(this.lookTimer);
    this.files.dispose();
    this.model.off("msg:custom", this.receive);
    this.model.off(CLOSED, this.close);
  }

  private look(): void {
    if (!this.store.state || ended(this.store.state) || ++this.looks < SILENT_LOOKS) return;
    if (!this.store.lost) this.lose("silent");
  }

  /** What the person has asked for meanwhile must not be carried out whenever the kernel comes back. */
  private lose(lost: Lost): void {
    if (ended(this.store.state)) return;
    for (const { content } of this.waiting()) if (!isViewMessage(content.command)) this.sent.delete(content.id);
    this.store.lose(lost);
  }

  private close = (): void => this.lose("closed");

  private waiting(): Sent[] {
    return [...this.sent.values()].filter(({ acknowledged }) => !acknowledged);
  }

  private snapshot(): void {
    const outstanding = this.waiting().some(({ content }) => content.command === "snapshot");
    if (!outstanding) this.send({ command: "snapshot" });
  }

  private receive = (update: Update | MediaFile, buffers: DataView[] = []): void => {
    if (update?.kind === "media") this.files.receive(update, buffers[0]);
    if (update?.kind !== "update") return;
    this.looks = 0;
    const isBack = this.store.lost !== null;
    this.store.lose(null);
    if (isBack) this.files.askAgain();
    for (const id of update.acknowledged) {
      const sent = this.sent.get(id);
      if (sent) sent.acknowledged = true;
    }
    this.store.faults.attempt("data", () => {
      if (!this.store.apply(update, buffers) || isBack) this.snapshot();
      this.settle();
    });
  };

  private settle(): void {
    for (const [id, { content, acknowledged }] of this.sent) {
      const isDone = isDoneAtOnce(content.command) ? acknowledged : this.store.eventLog.isSettled(id);
      if (isDone) this.sent.delete(id);
    }
  }

  private resend = (): void => {
    const waiting = this.waiting();
    const age = Math.min(...waiting.map(({ since }) => Date.now() - since));
    if (age < LAST_MS) {
      waiting.forEach(({ content }) => this.post(content));
      this.timer = setTimeout(this.resend, age < UNANSWERED_MS ? RESEND_MS : Math.min(age / 4, SLOWEST_MS));
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
