import type uPlot from "uplot";
import { add } from "./dom";

/** A card beside the crosshair of a plot. */
export class HoverCard {
  private element = document.createElement("div");

  constructor() {
    this.element.className = "hover";
    this.hide();
  }

  attach(plot: uPlot): void {
    this.hide();
    plot.over.append(this.element);
  }

  hide(): void {
    this.element.hidden = true;
  }

  /** Shows it anew, with a title only. */
  open(title: string): void {
    this.element.hidden = false;
    this.element.replaceChildren();
    add(this.element, "span", "wide", title);
  }

  /** `color` is the name of a CSS variable, whose text has one, too. */
  addRow(name: string, text: string, color: string): void {
    for (const cell of [name, text]) add(this.element, "span", "", cell).style.color = `var(${color}-text)`;
  }

  addMark(sentence: string): void {
    add(this.element, "span", "wide mark", sentence);
  }

  /** Whether it is read out, as it has to be for who moves by keyboard. */
  set isSpoken(isSpoken: boolean) {
    if (isSpoken) this.element.setAttribute("aria-live", "polite");
    else this.element.removeAttribute("aria-live");
  }

  place(plot: uPlot, left: number): void {
    const room = plot.over.clientWidth;
    const width = this.element.offsetWidth;
    const right = left + 9 + width <= room ? left + 9 : left - 9 - width;
    this.element.style.left = `${Math.max(0, Math.min(right, room - width))}px`;
  }
}
