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

const SHAPES = {
  pause: "M0 0h3v9H0zM6 0h3v9H6z",
  resume: "M1 0l8 4.5L1 9z",
  stop: "M0 0h9v9H0z",
};

/** A sign for the eye only. It is drawn, for as a letter it looks different in every font. */
export function addIcon(parent: HTMLElement, shape: keyof typeof SHAPES): void {
  const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  icon.setAttribute("class", "icon");
  icon.setAttribute("viewBox", "0 0 9 9");
  icon.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(icon.namespaceURI, "path");
  path.setAttribute("d", SHAPES[shape]);
  icon.append(path);
  parent.append(icon);
}

/** Sets an attribute that changed: setting it again would be a change to whoever observes it. */
export function mark(element: HTMLElement, name: string, value: boolean | string): void {
  if (element.getAttribute(name) !== String(value)) element.setAttribute(name, String(value));
}
