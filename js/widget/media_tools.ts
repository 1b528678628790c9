import { addButton, setAttribute } from "./dom";

interface Actions {
  /** A choice of this part itself has changed. */
  changed(): void;
  compare(): void;
  zoom(factor: number): void;
  showAll(): void;
  hide(): void;
}

/** What there is to do something with. */
interface Now {
  hasMask: boolean;
  hasBox: boolean;
  isLarge: boolean;
  isPicture: boolean;
  isCompared: boolean;
  isWhole: boolean;
  canHide: boolean;
}

/** The buttons beside the heading, and whether masks and boxes are shown. */
export class MediaTools {
  hasMasks = true;
  hasBoxes = true;
  private masks: HTMLButtonElement;
  private boxes: HTMLButtonElement;
  private compare: HTMLButtonElement;
  private smaller: HTMLButtonElement;
  private larger: HTMLButtonElement;
  private all: HTMLButtonElement;
  private hide: HTMLButtonElement;

  constructor(
    parent: HTMLElement,
    private actions: Actions,
  ) {
    const tool = (text: string, label: string, click: () => void) => {
      const button = addButton(parent, "quiet", text, () => {
        click();
        actions.changed();
      });
      button.setAttribute("aria-label", label);
      return button;
    };
    this.masks = tool("masks", "Show masks", () => (this.hasMasks = !this.hasMasks));
    this.boxes = tool("boxes", "Show boxes", () => (this.hasBoxes = !this.hasBoxes));
    this.compare = tool("two steps", "Compare two steps", () => this.actions.compare());
    this.smaller = tool("−", "Zoom out", () => this.actions.zoom(0.5));
    this.larger = tool("+", "Zoom in", () => this.actions.zoom(2));
    this.all = tool("show all", "Show all", () => this.actions.showAll());
    this.hide = tool("hide", "Hide media", () => this.actions.hide());
  }

  show(now: Now): void {
    this.masks.hidden = !now.hasMask;
    this.boxes.hidden = !now.hasBox;
    this.compare.hidden = this.all.hidden = !now.isLarge;
    this.smaller.hidden = this.larger.hidden = !now.isPicture;
    this.hide.hidden = now.isLarge || !now.canHide;
    setAttribute(this.masks, "aria-pressed", this.hasMasks);
    setAttribute(this.boxes, "aria-pressed", this.hasBoxes);
    setAttribute(this.compare, "aria-pressed", now.isCompared);
    this.smaller.disabled = now.isWhole;
  }
}
