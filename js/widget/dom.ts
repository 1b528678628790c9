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

/** Monospaced text, such as a number. `width` is that of its longest value in characters, so that nothing beside it moves. */
export class Mono {
  constructor(
    readonly text: string,
    readonly width = 0,
  ) {}
}

/** Replaces the text of an element, if it changed. */
export function write(element: HTMLElement, ...phrase: (string | Mono)[]): void {
  const text = phrase.map((piece) => (piece instanceof Mono ? piece.text : piece)).join("");
  if (element.textContent === text) return;
  element.replaceChildren(...phrase.map((piece) => (piece instanceof Mono ? monospaced(piece) : piece)));
}

function monospaced({ text, width }: Mono): HTMLElement {
  const element = document.createElement("span");
  element.className = "num";
  element.textContent = text;
  if (width > text.length) element.style.minWidth = `${width}ch`;
  return element;
}

export function setNumber(element: HTMLElement, text: string, bad: boolean): void {
  if (element.textContent !== text) element.textContent = text;
  element.classList.toggle("bad", bad);
}

const SHAPES = {
  pause: "M0 0h3v9H0zM6 0h3v9H6z",
  resume: "M1 0l8 4.5L1 9z",
  stop: "M0 0h9v9H0z",
  /* An octagon and a triangle, each with an exclamation mark in it, and a tick: told apart by their shapes. */
  error: "M2.6 0h3.8L9 2.6v3.8L6.4 9H2.6L0 6.4V2.6zM4 1.7v3.4h1V1.7zM4 6.2v1.1h1V6.2z",
  warning: "M4.5 0.2 9 8.8H0zM4 3.2v2.9h1V3.2zM4 6.8v1h1v-1z",
  good: "M3.4 8.2 0 4.8l1.2-1.2 2.2 2.2L7.8 1.4 9 2.6z",
};

/** A decorative icon. It is drawn, since a character would look different in every font. */
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

/** Sets an attribute, if its value changed: setting it again would notify observers and screen readers. */
export function setAttribute(element: HTMLElement, name: string, value: boolean | string): void {
  if (element.getAttribute(name) !== String(value)) element.setAttribute(name, String(value));
}

/** Gives the focus to an element that no click and no Tab gives it to, until it is somewhere else. */
export function lendFocus(element: HTMLElement): void {
  element.tabIndex = -1;
  element.focus({ preventScroll: true });
  element.addEventListener("blur", () => element.removeAttribute("tabindex"), { once: true });
}
