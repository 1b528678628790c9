import { Classes } from "./classes";
import { add, setAttribute } from "./dom";
import type { Link } from "./link";
import "./media.css";
import { Card } from "./media_card";
import { MediaNames } from "./media_names";
import { hintAtMore } from "./media_scroll";
import { StepSlider } from "./media_slider";
import { itemAt } from "./media_steps";
import { MediaTools } from "./media_tools";
import type { Looks, Zoom } from "./media_view";
import { followZoomGestures, magnified, whole } from "./media_zoom";
import type { Part } from "./part";
import type { MediaEvent } from "./protocol";
import type { Store } from "./store";

export const media: Part = (panel, store, link) => new Media(panel, store, link).dispose;

/** What the run has shown: the newest of each name side by side, or one of them large, at one step or at two. */
class Media {
  private section: HTMLElement;
  private names: MediaNames;
  private tools: MediaTools;
  private stage: HTMLElement;
  private empty: HTMLElement;
  private cards = new Map<string, Card>();
  /** Of the step that the large one is compared with. */
  private other: Card | undefined;
  private slider: StepSlider;
  private otherSlider: StepSlider;
  private classes = new Classes([]);
  private zoom: Zoom = whole();
  private observer = new ResizeObserver(() => this.store.touch());
  private cleanups: (() => void)[];

  constructor(
    parent: HTMLElement,
    private store: Store,
    private link: Link,
  ) {
    const { look, room } = store;
    room.hasPart = true;
    this.section = add(parent, "section", "media");
    this.section.setAttribute("aria-label", "Media");
    const heading = add(this.section, "div", "heading");
    add(heading, "h3", "", "Media");
    this.names = new MediaNames(heading, () => store.touch());
    this.tools = new MediaTools(add(heading, "span", "tools"), {
      changed: () => store.touch(),
      compare: () => look.compare(!look.isCompared, this.shown),
      zoom: (factor) => this.setZoom(magnified(this.zoom, factor)),
      showAll: () => this.enlarge(null),
      hide: () => room.set(false),
    });
    this.stage = add(this.section, "div", "media-stage");
    this.empty = add(this.stage, "p", "muted media-empty", "Nothing shown yet");
    followZoomGestures(
      this.stage,
      () => this.zoom,
      (zoom) => this.setZoom(zoom),
    );
    const sliders = add(this.section, "div", "media-sliders");
    const moved = (isHeld: boolean) => {
      look.isHeld = isHeld;
      store.touch();
    };
    this.otherSlider = new StepSlider(sliders, look.other, "Step A", moved);
    this.slider = new StepSlider(sliders, look.place, "Step", moved);
    this.observer.observe(this.stage);
    this.cleanups = [hintAtMore(this.stage), store.listen(() => this.update())];
  }

  dispose = (): void => {
    for (const cleanup of this.cleanups) cleanup();
    this.observer.disconnect();
    this.other?.dispose();
    for (const card of this.cards.values()) card.dispose();
  };

  private get shown(): Map<string, MediaEvent[]> {
    return this.store.eventLog.media;
  }

  private update(): void {
    const { shown, store } = this;
    const { look, room } = store;
    if (store.state) room.update(shown.size > 0, store.isSteerable);
    this.section.hidden = !store.state || !room.isOpen || !(shown.size || store.isSteerable);
    look.isSeen = !this.section.hidden && shown.size > 0;
    if (this.section.hidden) return;
    if (look.large !== null && !shown.has(look.large)) look.large = null;
    this.empty.hidden = shown.size > 0;
    this.classes = new Classes([...shown.values()].map((items) => items[items.length - 1]));
    const steps = look.steps(shown);
    const now = this.showCards(shown, steps);
    this.showOther(shown, steps);
    this.slider.show(steps, this.told);
    this.showTools(now);
  }

  /** Returns what is seen now. */
  private showCards(shown: Map<string, MediaEvent[]>, steps: readonly number[]): MediaEvent[] {
    const { large, place, isCompared } = this.store.look;
    const now: MediaEvent[] = [];
    const seen = this.names.choose([...shown.keys()], large);
    for (const [name, card] of this.cards) card.element.hidden = !seen.includes(name);
    for (const name of seen) {
      const card = this.cardOf(name);
      const items = shown.get(name)!;
      const item = itemAt(items, place.at(steps));
      if (item) now.push(item);
      card.show(item, this.looks(items), isCompared ? "B · " : "");
    }
    return now;
  }

  private cardOf(name: string): Card {
    const card = this.cards.get(name) ?? new Card(this.stage, name, () => this.enlarge(this.store.look.large === null ? name : null));
    this.cards.set(name, card);
    return card;
  }

  private looks(items: readonly MediaEvent[]): Looks {
    const { zoom, link, classes, store } = this;
    const { hasMasks, hasBoxes } = this.tools;
    return { files: link.files, items, classes, isLarge: store.look.large !== null, hasMasks, hasBoxes, zoom };
  }

  /** The same at another step, to the left of it. */
  private showOther(shown: Map<string, MediaEvent[]>, steps: readonly number[]): void {
    const { large, isCompared, other } = this.store.look;
    this.otherSlider.element.hidden = !isCompared;
    if (!isCompared || large === null) {
      this.other?.dispose();
      this.other = undefined;
      return;
    }
    this.other ??= new Card(this.stage, large, () => this.enlarge(null));
    if (this.stage.firstElementChild !== this.other.element) this.stage.prepend(this.other.element);
    const items = shown.get(large)!;
    this.other.show(itemAt(items, other.at(steps)), this.looks(items), "A · ");
    this.otherSlider.show(steps, this.told);
  }

  private told = (step: number): string => this.store.viewport.xAxis.told(step);

  private showTools(now: MediaEvent[]): void {
    const { large, isCompared } = this.store.look;
    const isLarge = large !== null;
    const isPicture = isLarge && now.some(({ kind }) => kind === "image");
    this.tools.show({
      hasMask: now.some(({ mask }) => mask),
      hasBox: now.some(({ boxes }) => boxes),
      isLarge,
      isPicture,
      isCompared,
      isWhole: this.zoom.factor === 1,
      canHide: this.store.room.hasNotice,
    });
    setAttribute(this.section, "data-large", isLarge);
    if (isPicture) this.stage.tabIndex = 0;
    else this.stage.removeAttribute("tabindex");
    setAttribute(this.stage, "role", "group");
    setAttribute(this.stage, "aria-label", isPicture ? "Picture; plus and minus zoom, arrows move" : "Shown");
  }

  private enlarge(name: string | null): void {
    const { look } = this.store;
    const before = look.large;
    look.enlarge(name, this.shown);
    this.zoom = whole();
    this.store.touch();
    if (name === null && before !== null) this.cards.get(before)?.element.querySelector("button")?.focus({ preventScroll: true });
  }

  private setZoom(zoom: Zoom): void {
    if (this.store.look.large === null) return;
    this.zoom = zoom;
    this.store.touch();
  }
}
