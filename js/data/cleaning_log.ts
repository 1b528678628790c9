import { add, addButton, setAttribute, write } from "../widget/dom";
import { ChangesTable } from "./changes_table";
import type { Frame, View } from "./frame";
import type { LogShown, StepInWords } from "./protocol";

/** The steps of a cleaning in their order; of the chosen one, or of all, what they changed. */
export function cleaningLog(frame: Frame): View<LogShown> {
  return new CleaningLog(frame);
}

class CleaningLog implements View<LogShown> {
  private shown!: LogShown;
  /** The number of the step whose changes are listed; null for all. */
  private chosen: number | null = null;
  /** Why a step can't be undone, by its number. */
  private refused = new Map<number, string>();
  private ends: HTMLElement;
  private list: HTMLElement;
  private changes: ChangesTable;

  constructor(private frame: Frame) {
    this.ends = add(frame.body, "p", "muted ends");
    this.list = add(frame.body, "ol", "steps");
    this.changes = new ChangesTable(frame.body, frame);
    this.list.addEventListener("keydown", (event) => this.press(event));
  }

  show(shown: LogShown): void {
    if (this.shown?.version !== shown.version) this.refused.clear();
    this.shown = shown;
    if (this.chosen !== null && this.chosen >= shown.steps.length) this.chosen = null;
    write(
      this.ends,
      `${shown.origin} → ${shown.size}. ${shown.steps.length ? "Click a step to see only what it changed." : "No step was done yet."}`,
    );
    this.drawSteps();
    this.changes.show({ step: this.chosen });
  }

  redraw(): void {}

  private drawSteps(): void {
    this.list.replaceChildren();
    for (const step of this.shown.steps) this.addStep(step);
  }

  private addStep(step: StepInWords): void {
    const { number, name, parameters, columns, reason, changed } = step;
    const line = add(this.list, "li", "step");
    const button = addButton(line, "step-name", "", () => this.choose(number));
    button.dataset.key = `step ${number}`;
    setAttribute(button, "aria-pressed", this.chosen === number);
    add(button, "b", "", `${number} ${name}`);
    add(button, "span", "muted", columns ? `on ${columns}` : "");
    add(button, "span", "changed", changed);
    if (reason) add(button, "span", "why", reason);
    if (parameters) add(button, "code", "", parameters);
    const undo = addButton(line, "quiet", "Undo", () => this.undo(step));
    undo.setAttribute("aria-label", `Undo ${name}, step ${number}`);
    undo.dataset.key = `undo ${number}`;
    const refused = this.refused.get(number);
    if (refused) add(line, "p", "bad-text refused", `It can't be taken back: ${refused}`).setAttribute("role", "alert");
  }

  private choose(number: number): void {
    this.chosen = this.chosen === number ? null : number;
    for (const button of this.list.querySelectorAll<HTMLElement>(".step-name"))
      setAttribute(button, "aria-pressed", button.dataset.key === `step ${this.chosen}`);
    this.changes.show({ step: this.chosen });
  }

  private press(event: KeyboardEvent): void {
    const buttons = [...this.list.querySelectorAll<HTMLElement>(".step-name")];
    const at = buttons.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    buttons[to]?.focus();
  }

  private undo({ number, name }: StepInWords): void {
    const { version } = this.shown;
    this.frame.kernel
      .ask("undo", { version, step: number })
      .then(() => this.frame.say(`Taken back: step ${number}, ${name}.`))
      .catch((error: Error) => {
        this.refused.set(number, error.message);
        const key = (document.activeElement as HTMLElement | null)?.dataset.key;
        this.drawSteps();
        if (key) this.list.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)?.focus();
      });
  }
}
