import { add, addButton, Mono, setAttribute, write } from "./dom";
import type { Place } from "./media_steps";

/** A slider over steps, with buttons for the one before, the one after and the newest. */
export class StepSlider {
  element: HTMLElement;
  private range: HTMLInputElement;
  private said: HTMLElement;
  private buttons: Record<"back" | "forth" | "newest", HTMLButtonElement>;
  private steps: readonly number[] = [];
  /** Letters of the longest text so far, so that the slider keeps its width. */
  private longest = 0;

  /** `changed` is told whether the slider is in use. */
  constructor(
    parent: HTMLElement,
    private place: Place,
    label: string,
    private changed: (isHeld: boolean) => void,
  ) {
    this.element = add(parent, "div", "media-slider");
    const back = this.addStep("‹", `${label}: earlier`, () => this.place.index(this.steps) - 1);
    this.range = add(this.element, "input");
    this.range.type = "range";
    this.range.min = "0";
    this.range.setAttribute("aria-label", label);
    this.range.addEventListener("input", () => this.goTo(Number(this.range.value), true));
    this.range.addEventListener("focus", () => changed(true));
    this.range.addEventListener("blur", () => changed(false));
    const forth = this.addStep("›", `${label}: later`, () => this.place.index(this.steps) + 1);
    const newest = this.addStep("»", `${label}: newest`, () => Infinity);
    newest.title = "The newest, and those that follow";
    this.buttons = { back, forth, newest };
    this.said = add(this.element, "span", "muted media-said");
    this.said.title = "A click in a plot of the metrics goes to its step";
  }

  /** `told` is what the x axis of the metrics tells of a step, beside the step itself. */
  show(steps: readonly number[], told: (step: number) => string): void {
    this.steps = steps;
    const { range, place, buttons } = this;
    const index = place.index(steps);
    const isLast = index >= steps.length - 1;
    const step = steps[index];
    if (range.max !== String(Math.max(0, steps.length - 1))) range.max = String(Math.max(0, steps.length - 1));
    if (range.value !== String(index)) range.value = String(index);
    range.disabled = steps.length < 2;
    buttons.back.disabled = index <= 0;
    buttons.forth.disabled = buttons.newest.disabled = isLast;
    this.say(step, step === undefined ? "" : told(step), index, steps);
  }

  private say(step: number | undefined, x: string, index: number, steps: readonly number[]): void {
    setAttribute(this.range, "aria-valuetext", [`step ${step ?? "–"}`, x].filter(Boolean).join(", "));
    if (step === undefined) {
      write(this.said, "");
      return;
    }
    const place = steps.length > 1 ? ` · ${index + 1} of ${steps.length}` : "";
    const newest = this.place.isNewest && steps.length > 1 ? ", newest" : "";
    write(this.said, "step ", new Mono(String(step), String(steps[steps.length - 1]).length), x && ` · ${x}`, place, newest);
    this.longest = Math.max(this.longest, this.said.textContent!.length);
    this.said.style.minWidth = `${this.longest}ch`;
  }

  private addStep(text: string, label: string, index: () => number): HTMLButtonElement {
    const button = addButton(this.element, "media-step", text, () => this.goTo(index(), false));
    button.setAttribute("aria-label", label);
    return button;
  }

  private goTo(index: number, isHeld: boolean): void {
    this.place.goTo(index, this.steps);
    this.changed(isHeld);
  }
}
