import type { Frame, View } from "../data/frame";
import { add, addButton, setAttribute, write } from "../widget/dom";
import type { BeforeAfterPicture, GalleryShown, StrengthSlider } from "./protocol";

const SLIDE_MS = 150; // a slider that is dragged passes values that nobody wants
const STEPS = 100;

/** Pictures before and after, with a slider for the strength of each operation. */
export function gallery(frame: Frame): View<GalleryShown> {
  return new Gallery(frame);
}

class Gallery implements View<GalleryShown> {
  private sliders: Slider[] = [];
  private controls: HTMLElement;
  private pictures: HTMLElement;

  constructor(private frame: Frame) {
    this.controls = add(frame.body, "div", "strengths");
    const tools = add(frame.body, "div", "tools");
    addButton(tools, "quiet", "Draw again", () => this.frame.request("draw_again", {}, "Other random changes of the same strengths."));
    write(add(tools, "span", "muted"), "Above as they are, below as they become.");
    this.pictures = add(frame.body, "ul", "pictures");
  }

  show({ sliders, pictures }: GalleryShown): void {
    if (this.sliders.length !== sliders.length) {
      this.controls.replaceChildren();
      this.sliders = sliders.map((_, place) => new Slider(this.controls, place, (strength) => this.ask(place, strength)));
    }
    sliders.forEach((given, place) => {
      this.sliders[place].show(given);
    });
    this.pictures.replaceChildren();
    for (const picture of pictures) this.addPicture(picture);
  }

  redraw(): void {}

  private ask(place: number, strength: number): void {
    this.frame.request("set_strength", { place, strength }, "");
  }

  private addPicture({ before, after, label }: BeforeAfterPicture): void {
    const item = add(this.pictures, "li");
    for (const [source, when] of [
      [before, "before"],
      [after, "after"],
    ]) {
      const image = add(item, "img");
      image.src = source;
      image.alt = label ? `${label}, ${when}` : when;
    }
    if (label) write(add(item, "span", "muted"), label);
  }
}

/** The strength of one operation: its name, a slider, the number, and what is known of it. */
class Slider {
  private name: HTMLElement;
  private range: HTMLInputElement;
  private number: HTMLElement;
  private safe: HTMLElement;
  private given!: StrengthSlider;
  private timer = 0;

  constructor(parent: HTMLElement, place: number, set: (strength: number) => void) {
    const label = add(parent, "label", "strength");
    this.name = add(label, "span");
    this.range = add(label, "input");
    this.range.type = "range";
    [this.range.min, this.range.max] = ["0", String(STEPS)];
    this.range.dataset.key = `strength ${place}`;
    this.number = add(label, "span", "num");
    this.safe = add(label, "span", "muted");
    this.range.addEventListener("input", () => {
      this.tell(this.strength);
      clearTimeout(this.timer);
      this.timer = window.setTimeout(() => set(this.strength), SLIDE_MS);
    });
  }

  show(given: StrengthSlider): void {
    this.given = given;
    write(this.name, given.name);
    const isSwitch = given.unit === "" && given.limit === 1; // such as a mirror image, which is made or not
    this.range.step = isSwitch ? String(STEPS) : "1";
    if (document.activeElement !== this.range || Math.abs(this.strength - given.strength) > given.limit / STEPS)
      this.range.value = String((STEPS * given.strength) / (given.limit || 1));
    this.tell(given.strength);
  }

  private get strength(): number {
    return (Number(this.range.value) / STEPS) * this.given.limit;
  }

  private tell(strength: number): void {
    const { safe, unit, limit } = this.given;
    const isSwitch = unit === "" && limit === 1;
    const text = isSwitch ? (strength ? "on" : "off") : `${Number(strength.toPrecision(3))} ${unit}`.trim();
    const isBeyond = safe !== null && strength > safe * 1.001;
    write(this.number, text);
    write(this.safe, safe === null ? "" : isBeyond ? `beyond ${Number(safe.toPrecision(3))}, up to which it is safe` : "safe");
    this.safe.classList.toggle("bad-text", isBeyond);
    setAttribute(this.range, "aria-valuetext", [text, this.safe.textContent].filter(Boolean).join(", "));
  }
}
