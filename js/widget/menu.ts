import { add, addButton, setAttribute } from "./dom";
import "./menu.css";
import { focusAfter } from "./menu_focus";
import { placeBeside } from "./menu_place";

export interface Item {
  label: string;
  /** Closes the menu, and does this. */
  choose?: () => void;
  /** Whether it is on, where it is one of those that are on or off. */
  isOn?: boolean;
  /** Whether one of its neighbours is on instead of it. */
  isOneOf?: boolean;
  /** Further items, which come in place of all. */
  items?: Item[];
}

/**
 * A button that opens a list of what can be done. The list is above all of the page, so that nothing cuts it off: neither the panel's end nor
 * the area of an output. Keys: arrows, Home, End, the first letters of an item, Escape.
 */
export class Menu {
  readonly button: HTMLButtonElement;
  private list: HTMLElement;
  private place: HTMLElement;
  private buttons: HTMLButtonElement[] = [];
  private typed = { text: "", at: 0 };
  /** Leads back to the items before these, if there are any. */
  private back: (() => void) | undefined;

  /** `items` is asked for each time the menu is opened. */
  constructor(
    parent: HTMLElement,
    text: string,
    private items: () => Item[],
  ) {
    this.place = add(parent, "span", "menu");
    this.button = addButton(this.place, "quiet", text, () => (this.isOpen ? this.close() : this.open()));
    setAttribute(this.button, "aria-haspopup", "menu");
    setAttribute(this.button, "aria-expanded", false);
    this.list = add(this.place, "div");
    this.list.setAttribute("role", "menu");
    this.list.popover = "manual";
    this.place.addEventListener("keydown", this.key);
  }

  /** Says what the menu is of. */
  name(name: string): void {
    setAttribute(this.button, "aria-label", name);
    setAttribute(this.list, "aria-label", name);
    setAttribute(this.button, "title", name);
  }

  dispose(): void {
    this.close();
    this.place.remove();
  }

  private get isOpen(): boolean {
    return this.button.ariaExpanded === "true";
  }

  private open(): void {
    const items = this.items();
    if (!items.length) return;
    setAttribute(this.button, "aria-expanded", true);
    this.list.showPopover();
    this.show(items);
    this.buttons[0].focus({ preventScroll: true });
    window.addEventListener("pointerdown", this.leave, true);
    window.addEventListener("scroll", this.follow, true);
    window.addEventListener("resize", this.follow);
  }

  private close(): void {
    if (!this.isOpen) return;
    window.removeEventListener("pointerdown", this.leave, true);
    window.removeEventListener("scroll", this.follow, true);
    window.removeEventListener("resize", this.follow);
    if (this.list.contains(document.activeElement)) this.button.focus();
    this.list.hidePopover();
    setAttribute(this.button, "aria-expanded", false);
  }

  /** `back` leads away from further items, whose title is that of the item that led to them. */
  private show(items: Item[], title = "", back?: () => void): void {
    this.list.replaceChildren();
    this.back = back;
    this.buttons = back ? [this.addButton("back", title, "menuitem", back)] : [];
    for (const item of items) this.buttons.push(this.addItem(item, items));
    this.follow();
  }

  private addItem({ label, choose, isOn, isOneOf, items }: Item, siblings: Item[]): HTMLButtonElement {
    const role = isOn === undefined ? "menuitem" : isOneOf ? "menuitemradio" : "menuitemcheckbox";
    const button = this.addButton(items ? "further" : "", label, role, () => {
      if (items) return this.showFurther(label, items, siblings);
      this.close();
      choose?.();
    });
    if (isOn !== undefined) button.setAttribute("aria-checked", String(isOn));
    if (items) button.setAttribute("aria-haspopup", "menu");
    return button;
  }

  private addButton(className: string, label: string, role: string, act: () => void): HTMLButtonElement {
    const button = addButton(this.list, className, label, act);
    button.setAttribute("role", role);
    button.tabIndex = -1;
    return button;
  }

  private showFurther(label: string, items: Item[], before: Item[]): void {
    this.show(items, label, () => {
      this.show(before);
      this.buttons[before.findIndex((item) => item.label === label)].focus();
    });
    const on = items.findIndex(({ isOn }) => isOn);
    this.buttons[1 + Math.max(0, on)].focus();
  }

  private follow = (event?: Event): void => {
    if (event?.target === this.list) return; // it was scrolled itself
    const { left, top } = placeBeside(this.button.getBoundingClientRect(), this.list.getBoundingClientRect(), {
      width: document.documentElement.clientWidth,
      height: window.innerHeight,
    });
    Object.assign(this.list.style, { left: `${left}px`, top: `${top}px` });
  };

  private leave = ({ target }: Event): void => {
    if (!this.place.contains(target as Node)) this.close();
  };

  private key = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (!(this.isOpen ? this.act(event) : this.opens(event))) return;
    event.preventDefault();
    event.stopPropagation();
  };

  private opens({ key }: KeyboardEvent): boolean {
    if (key === "ArrowDown") this.open();
    return key === "ArrowDown";
  }

  /** Does what a key is for in the list; false if that is left to the browser. */
  private act({ key, timeStamp }: KeyboardEvent): boolean {
    const now = this.buttons.indexOf(document.activeElement as HTMLButtonElement);
    if (key.startsWith("Arrow")) this.typed.text = "";
    if (key === "Tab") {
      this.close();
      return false;
    }
    if (key === "Escape" || key === "ArrowLeft") {
      if (this.back) this.back();
      else if (key === "Escape") this.close();
    } else if (key === "ArrowRight") {
      if (this.buttons[now]?.ariaHasPopup) this.buttons[now].click();
    } else {
      const labels = this.buttons.map(({ textContent }) => textContent ?? "");
      const next = focusAfter(key, now, labels, this.textWith(key, timeStamp));
      if (next === undefined) return false;
      this.buttons[next].focus();
    }
    return true;
  }

  /** What was typed so far, with this key. */
  private textWith(key: string, at: number): string {
    const before = at - this.typed.at < PAUSE ? this.typed.text : "";
    this.typed = { text: key.length === 1 ? before + key : "", at };
    return this.typed.text;
  }
}

const PAUSE = 700; // ms after which a letter begins another word
