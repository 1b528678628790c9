const TYPING_MS = 3000; // from one key to the next
const EDITABLE = "input, textarea, select, [contenteditable='true']";

/** Tells whether a person is at something that would move if an element grew or shrank: points at it, or types into it. */
export class BusyBelow {
  private typed = Number.NEGATIVE_INFINITY;

  constructor(private element: HTMLElement) {
    document.addEventListener("keydown", this.note, true);
  }

  get is(): boolean {
    const panel = this.element.parentElement!;
    const pointed = [...panel.querySelectorAll(":hover")].pop();
    if (pointed && this.isBelow(pointed)) return true;
    const { activeElement } = document;
    return performance.now() - this.typed < TYPING_MS && activeElement !== null && this.isBelow(activeElement);
  }

  dispose(): void {
    document.removeEventListener("keydown", this.note, true);
  }

  private note = ({ target }: KeyboardEvent): void => {
    if (target instanceof Element && target.closest(EDITABLE)) this.typed = performance.now();
  };

  private isBelow(other: Element): boolean {
    const { DOCUMENT_POSITION_FOLLOWING: follows, DOCUMENT_POSITION_CONTAINED_BY: isWithin } = Node;
    const place = this.element.compareDocumentPosition(other);
    return (place & follows) !== 0 && (place & isWithin) === 0;
  }
}
