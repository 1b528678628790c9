import type { Link } from "./link";
import type { Store } from "./store";

/** A part builds itself into the panel and returns what takes it down again. */
export type Part = (panel: HTMLElement, store: Store, link: Link) => () => void;

export function add<K extends keyof HTMLElementTagNameMap>(
  parent: HTMLElement,
  tag: K,
  className = "",
  text = "",
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  parent.append(element);
  return element;
}

export function addButton(parent: HTMLElement, className: string, text: string, click: () => void): HTMLButtonElement {
  const button = add(parent, "button", className, text);
  button.type = "button";
  button.addEventListener("click", click);
  return button;
}

/** A figure among words: set in tabular digits, as wide as its widest value, so that nothing beside it moves. */
export class Figure {
  constructor(readonly text: string, readonly width = 0) {}
}

/** Replaces an element's content by words and figures, if they changed. */
export function write(element: HTMLElement, ...phrase: (string | Figure)[]): void {
  const text = phrase.map((piece) => (piece instanceof Figure ? piece.text : piece)).join("");
  if (element.textContent === text) return;
  element.replaceChildren(...phrase.map((piece) => (piece instanceof Figure ? figure(piece) : piece)));
}

function figure({ text, width }: Figure): HTMLElement {
  const element = document.createElement("span");
  element.className = "num";
  element.textContent = text;
  if (width > text.length) element.style.minWidth = `${width}ch`;
  return element;
}

export function setFigure(element: HTMLElement, text: string, bad: boolean): void {
  if (element.textContent !== text) element.textContent = text;
  element.classList.toggle("bad", bad);
}
