import { add, addButton, Mono, setAttribute, write } from "./dom";
import { oneLine, truncate } from "./format";
import { AudioView } from "./media_audio";
import { ImageView } from "./media_image";
import { MediaLegend } from "./media_legend";
import { ConfusionView, HistogramView, PointsView } from "./media_plots";
import { TableView, TextView } from "./media_text";
import { type Looks, type MediaView, nameOf } from "./media_view";
import type { MediaEvent } from "./protocol";

const VIEWS = new Map<string, new () => MediaView>(
  Object.entries({
    image: ImageView,
    text: TextView,
    table: TableView,
    audio: AudioView,
    histogram: HistogramView,
    confusion: ConfusionView,
    points: PointsView,
  }),
);

/** What was shown under one name, at one step: its name, the thing itself, and how it was understood. */
export class Card {
  element: HTMLElement;
  private title: HTMLButtonElement;
  private step: HTMLElement;
  private body: HTMLElement;
  private foot: HTMLElement;
  private legend: MediaLegend;
  private about: HTMLElement;
  private word: HTMLElement;
  private view: MediaView | undefined;
  private kind = "";
  private broken = "";

  constructor(
    parent: HTMLElement,
    private name: string,
    enlarge: () => void,
  ) {
    this.element = add(parent, "figure", "media-card");
    const head = add(this.element, "figcaption");
    this.title = addButton(head, "quiet media-name", truncate(oneLine(name), 60), enlarge);
    this.title.title = name;
    this.step = add(head, "span", "muted");
    this.body = add(this.element, "div", "media-body");
    this.body.addEventListener("click", ({ target }) => {
      if (target instanceof SVGElement && !this.element.classList.contains("large")) enlarge();
    });
    this.word = add(this.body, "p", "muted media-word");
    this.foot = add(this.element, "div", "media-foot");
    this.legend = new MediaLegend(this.foot);
    this.about = add(this.foot, "p", "muted media-about");
  }

  show(item: MediaEvent | undefined, looks: Looks, prefix = ""): void {
    this.element.classList.toggle("large", looks.isLarge);
    setAttribute(this.title, "aria-expanded", looks.isLarge);
    write(this.step, `${prefix}step `, new Mono(item ? String(item.step) : "–"));
    this.showAbout(item, looks.isLarge);
    if (!item) this.say("not shown yet at this step");
    else this.showItem(item, looks);
    this.legend.show((looks.isLarge && item && this.view?.legend?.()) || []);
  }

  dispose(): void {
    this.view?.dispose?.();
    this.element.remove();
  }

  /** One line; of what is large all of it, which scrolls and so can be reached by keyboard. */
  private showAbout(item: MediaEvent | undefined, isLarge: boolean): void {
    const { foot, about } = this;
    write(about, item ? [item.caption, item.about].filter(Boolean).join(" · ") : "");
    about.title = isLarge ? "" : (about.textContent ?? "");
    if (isLarge) foot.tabIndex = 0;
    else foot.removeAttribute("tabindex");
    setAttribute(foot, "role", isLarge ? "group" : "none");
    setAttribute(foot, "aria-label", isLarge ? `About ${this.name}` : "");
  }

  private showItem(item: MediaEvent, looks: Looks): void {
    if (this.broken === JSON.stringify(item)) return;
    if (item.kind !== this.kind) this.replaceView(item.kind!);
    try {
      if (!this.view) this.say(`${item.kind}: this version has no view for it`);
      else if (this.view.show(item, looks)) this.say("");
      else if (!this.element.dataset.has) this.say("loading…");
    } catch (error) {
      this.broken = JSON.stringify(item);
      this.say(`${nameOf(item)}: can't be shown, ${error instanceof Error ? error.message : error}`);
    }
  }

  /** A word in place of the view, or the view if there is none. */
  private say(word: string): void {
    write(this.word, word);
    this.word.hidden = !word;
    if (!word) this.element.dataset.has = "";
    if (this.view) (this.view.element as HTMLElement).style.visibility = word ? "hidden" : "";
  }

  private replaceView(kind: string): void {
    this.view?.dispose?.();
    this.view?.element.remove();
    this.kind = kind;
    delete this.element.dataset.has;
    const View = VIEWS.get(kind);
    this.view = View && new View();
    if (this.view) this.body.append(this.view.element);
  }
}
