import { nearest } from "./column";
import { add, addButton, setAttribute, write } from "./dom";

/** One thing that a run has shown, as it stands in the page: a step, and an image as a URL or a text. */
type Item = [step: number, content: string];

interface Place {
  steps: Float64Array;
  items: Item[];
  content: HTMLElement;
  step: HTMLElement;
}

/** A slider over steps, which shows of each run what it has shown nearest to that step. */
export class ShownSlider {
  private places: Place[];
  private range: HTMLInputElement;
  private said: HTMLElement;

  constructor(
    section: HTMLElement,
    private steps: number[],
    step: number,
    private moved: (step: number) => void,
  ) {
    this.places = [...section.querySelectorAll<HTMLElement>("[data-items]")].map(placeOf);
    const toolbar = document.createElement("div");
    toolbar.className = "toolbar";
    section.prepend(toolbar);
    const goBy = (by: number) => () => this.goTo(Number(this.range.value) + by);
    addButton(toolbar, "", "‹", goBy(-1)).setAttribute("aria-label", "earlier step");
    this.range = add(toolbar, "input");
    this.range.type = "range";
    this.range.max = String(steps.length - 1);
    this.range.setAttribute("aria-label", "step of what was shown");
    this.range.addEventListener("input", () => this.goTo(Number(this.range.value)));
    addButton(toolbar, "", "›", goBy(1)).setAttribute("aria-label", "later step");
    this.said = add(toolbar, "span", "said");
    this.show(nearest(Float64Array.from(steps), step));
  }

  private goTo(index: number): void {
    const inside = Math.max(0, Math.min(this.steps.length - 1, index));
    this.moved(this.steps[inside]);
    this.show(inside);
  }

  private show(index: number): void {
    const step = this.steps[index];
    this.range.value = String(index);
    setAttribute(this.range, "aria-valuetext", `step ${step}`);
    write(this.said, `step ${step}`);
    for (const place of this.places) {
      const [own, content] = place.items[nearest(place.steps, step)];
      write(place.step, `step ${own}`);
      if (!(place.content instanceof HTMLImageElement)) write(place.content, content);
      else if (content.startsWith("data:image/")) setAttribute(place.content, "src", content);
    }
  }
}

function placeOf(element: HTMLElement): Place {
  const items = JSON.parse(element.dataset.items!) as Item[];
  const [content, step] = [".content", ".step"].map((name) => element.querySelector<HTMLElement>(name)!);
  const here = content instanceof HTMLImageElement ? content.src : content.textContent!;
  return { steps: Float64Array.from(items, ([at]) => at), items: items.map(([at, one]) => [at, one ?? here]), content, step };
}
