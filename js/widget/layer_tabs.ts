import { changeDetector } from "./changes";
import { add, addButton, setAttribute } from "./dom";

/** Which view of the layers is seen, where several share a place: the gradients or the activations. */
export class LayerTabs {
  private chosen: string | undefined;
  private there: string[] = [];
  /** Whether a person has chosen one that is not yet drawn. */
  private isFresh = false;

  constructor(private changed: () => void) {}

  /** Those that have something to show, or will have. */
  get names(): readonly string[] {
    return this.there;
  }

  note(name: string, isThere: boolean): void {
    if (this.there.includes(name) === isThere) return;
    this.there = isThere ? [...this.there, name] : this.there.filter((one) => one !== name);
    this.changed();
  }

  isSeen(name: string): boolean {
    const seen = this.chosen !== undefined && this.there.includes(this.chosen) ? this.chosen : this.there[0];
    return seen === name;
  }

  choose(name: string): void {
    this.chosen = name;
    this.isFresh = true;
    this.changed();
  }

  /** Whether a view is drawn for the first time since a person has chosen it; its button then takes the focus of the one that was pressed. */
  isFirstDrawn(name: string): boolean {
    const isFirst = this.isFresh && this.isSeen(name);
    if (isFirst) this.isFresh = false;
    return isFirst;
  }
}

/** Buttons for the views that share a place, where there are several: the returned function shows them, and tells whether there are. */
export function addTabs(parent: HTMLElement, tabs: LayerTabs, own: string): () => boolean {
  const group = add(parent, "span", "choice tabs");
  const isOther = changeDetector();

  return () => {
    const { names } = tabs;
    const pressed = names.map((name) => tabs.isSeen(name));
    group.hidden = names.length < 2;
    if (!isOther(names, pressed)) return !group.hidden;
    group.replaceChildren();
    names.forEach((name, i) => {
      setAttribute(
        addButton(group, "quiet", name, () => tabs.choose(name)),
        "aria-pressed",
        pressed[i],
      );
    });
    if (tabs.isFirstDrawn(own)) group.querySelector<HTMLElement>("[aria-pressed=true]")?.focus({ preventScroll: true });
    return !group.hidden;
  };
}
