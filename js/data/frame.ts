import { add, setAttribute, write } from "../widget/dom";
import type { Faults } from "../widget/faults";
import type { Kernel } from "./kernel";
import type { Shown } from "./protocol";

const LOOK_MS = 1000;

/** What a view draws into, and how it asks. */
export interface Frame {
  /** Below the title. */
  body: HTMLElement;
  kernel: Kernel;
  /** Says something to people, also to those who listen: what was done, or what can't be. */
  say: (text: string, isBad?: boolean) => void;
  /** Asks for something that changes the data or the view, says what came of it, and tells whether it was done. */
  request: (name: string, given: object, done: string) => Promise<boolean>;
}

/** What the frame asks of a view. */
export interface View<S extends Shown> {
  show(shown: S): void;
  /** Draws again what was shown last, in another size or theme. */
  redraw(): void;
}

/** The frame of every data widget: a title, the view's own part, and a line for what is said. */
export class Panel {
  readonly frame: Frame;
  private title: HTMLElement;
  private problem: HTMLElement;
  private said: HTMLElement;
  private waits: HTMLElement;
  private looked = 0;
  private shown: Shown | undefined;

  constructor(
    private element: HTMLElement,
    private kernel: Kernel,
    private faults: Faults,
  ) {
    const header = add(element, "header", "data-title");
    this.title = add(header, "b");
    this.waits = add(header, "span", "muted right");
    this.problem = add(element, "p", "data-problem");
    this.problem.setAttribute("role", "status");
    const body = add(element, "div", "data-body");
    this.said = add(element, "p", "data-said");
    this.said.setAttribute("role", "status");
    this.frame = { body, kernel, say: this.say, request: this.request };
    kernel.changed = () => this.tellWaiting();
    element.addEventListener("pointerenter", this.look);
    element.addEventListener("focusin", this.look);
  }

  /** Draws all of it; what has the focus keeps it, if it is there again. */
  show<S extends Shown>(view: View<S> | undefined, shown: S): void {
    this.shown = shown;
    write(this.title, shown.title);
    setAttribute(this.element, "aria-label", shown.title);
    const key = (document.activeElement as HTMLElement | null)?.dataset?.key;
    this.faults.attempt("view", () => view?.show(shown));
    if (key && this.element.isConnected && document.activeElement === document.body) this.find(key)?.focus();
    this.tellWaiting();
  }

  private find(key: string): HTMLElement | null {
    return this.element.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);
  }

  private tellWaiting(): void {
    const { kernel, shown } = this;
    write(this.waits, kernel.isSlow ? "no answer yet; the kernel is busy" : "");
    setAttribute(this.element, "aria-busy", kernel.isBusy);
    write(this.problem, kernel.isGone ? goneText(shown?.file ?? "") : (shown?.problem ?? ""));
    this.problem.hidden = !this.problem.textContent;
    this.element.classList.toggle("gone", kernel.isGone);
  }

  /** Another cell may have changed the data since. */
  private look = (): void => {
    if (!this.shown?.file || this.kernel.isGone || this.kernel.isBusy || Date.now() - this.looked < LOOK_MS) return;
    this.looked = Date.now();
    this.kernel.ask("look").catch((error: Error) => this.say(error.message, true));
  };

  private say = (text: string, isBad = false): void => {
    write(this.said, text);
    this.said.classList.toggle("bad-text", isBad);
  };

  private request = async (name: string, given: object, done: string): Promise<boolean> => {
    try {
      await this.kernel.ask(name, given);
      if (done) this.say(done);
      return true;
    } catch (error) {
      this.say((error as Error).message, true);
      return false;
    }
  };
}

/** After a restart nothing here can be asked any more, and nothing that was answered is lost. */
function goneText(file: string): string {
  const kept = file ? ` All that was answered is kept in ${file}.` : "";
  return `The kernel was restarted or shut down.${kept} Run the cell again to go on.`;
}
