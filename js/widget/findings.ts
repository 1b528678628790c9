import { BusyBelow } from "./busy";
import { add, addButton, addIcon, lendFocus, write } from "./dom";
import { FindingCard } from "./finding_card";
import { type Finding, nameOf } from "./finding_log";
import "./findings.css";
import { countText } from "./health";
import { HealthStrip } from "./health_strip";
import type { Link } from "./link";
import { ordered } from "./order";
import type { Part } from "./part";
import { SetAside } from "./set_aside";
import type { Store } from "./store";
import { TrialStrip } from "./trial_strip";

export const findings: Part = (parent, store, link) => new Findings(parent, store, link).dispose;

/**
 * What is wrong with the training, worst first, below a strip of how healthy it was. The cards change their number only while a person is
 * at nothing that would move by it; till then the line above them tells of it.
 */
class Findings {
  private section: HTMLElement;
  private count: HTMLElement;
  private words: HTMLElement;
  private late: HTMLButtonElement;
  private strip: HealthStrip;
  private list: HTMLElement;
  private trial: TrialStrip;
  private aside: SetAside;
  private announcement: HTMLElement;
  private cards = new Map<string, FindingCard>();
  private keys: string[] = [];
  private told: Set<string> | undefined;
  private busy: BusyBelow;
  private observer = new ResizeObserver(() => this.store.touch());
  private unlisten: () => void;

  constructor(
    parent: HTMLElement,
    private store: Store,
    private link: Link,
  ) {
    this.section = add(parent, "section", "findings");
    this.section.setAttribute("aria-label", "Findings");
    const row = add(this.section, "div", "health-row");
    add(row, "h3", "", "Health");
    this.count = add(row, "span", "count");
    for (const icon of ["good", "warning", "error"] as const) addIcon(this.count, icon);
    this.words = add(this.count, "span");
    this.late = addButton(this.count, "quiet", "", () => this.arrange(this.store.eventLog.findings.shown, true));
    this.strip = new HealthStrip(row, store, (finding) => this.goTo(finding));
    this.list = add(this.section, "ul", "finding-cards");
    this.list.setAttribute("role", "list");
    this.list.setAttribute("aria-label", "Findings, worst first");
    this.trial = new TrialStrip(this.section, store, link, () => lendFocus(this.section));
    this.aside = new SetAside(this.section, store, link);
    this.announcement = add(this.section, "div", "live-region");
    this.announcement.setAttribute("aria-live", "polite");
    this.busy = new BusyBelow(this.section);
    this.observer.observe(this.section);
    this.unlisten = store.listen(() => this.update());
  }

  dispose = (): void => {
    this.unlisten();
    this.observer.disconnect();
    this.busy.dispose();
    for (const card of this.cards.values()) card.dispose();
  };

  private update(): void {
    const { store, section } = this;
    const { findings } = store.eventLog;
    const isKnown = findings.all.length > 0 || typeof store.state?.judged === "number";
    section.hidden = !store.state || !(isKnown || store.isSteerable);
    if (section.hidden) return;
    const { shown } = findings;
    this.announce(shown);
    this.arrange(shown, this.told === undefined || !this.busy.is);
    this.told ??= new Set(shown.map(nameOf));
    this.trial.show(
      !this.busy.is,
      [...this.cards.values()].some(({ showsTrial }) => showsTrial),
    );
    this.aside.show(findings.muted, findings.withdrawn);
    this.strip.draw();
    this.showCount(shown, isKnown);
  }

  /** `mayGrow`: whether the number of cards may change. */
  private arrange(shown: Finding[], mayGrow: boolean): void {
    const isKept = (key: string) => this.cards.get(key)?.isInUse ?? false;
    const wanted = shown.map(({ key }) => key);
    if (mayGrow) this.keys = ordered(this.keys, wanted, isKept, !this.list.matches(":hover"));
    for (const [key, card] of this.cards) {
      if (this.keys.includes(key)) continue;
      card.dispose();
      this.cards.delete(key);
    }
    const all = new Map(this.store.eventLog.findings.all.map((finding) => [finding.key, finding]));
    this.keys = this.keys.filter((key) => all.has(key));
    this.keys.forEach((key, i) => {
      const card = this.cardOf(key);
      // Only what is out of place is moved: an element that is moved loses the focus.
      if (this.list.children[i] !== card.element) this.list.insertBefore(card.element, this.list.children[i] ?? null);
      card.show(all.get(key)!, !wanted.includes(key));
    });
    this.list.hidden = !this.keys.length;
    const late = wanted.filter((key) => !this.keys.includes(key)).length;
    this.late.hidden = !late;
    write(this.late, late ? `show ${late} more` : "");
  }

  /** A new one is open if no other is. */
  private cardOf(key: string): FindingCard {
    const known = this.cards.get(key);
    if (known) return known;
    const card = new FindingCard(this.store, this.link);
    card.isOpen = ![...this.cards.values()].some(({ isOpen }) => isOpen);
    this.cards.set(key, card);
    return card;
  }

  private showCount(shown: Finding[], isKnown: boolean): void {
    const { store, count } = this;
    const worst = shown[0]?.severity;
    const none = !isKnown ? "not looked at yet" : store.isSteerable ? "nothing found so far" : "nothing found";
    write(this.words, countText(shown) || none);
    count.dataset.severity = worst ?? (isKnown ? "good" : "");
    count.dataset.tone = worst === "error" ? "bad" : worst ? "warn" : isKnown ? "good" : "soft";
  }

  /** Says what is new, each once, and nothing of what had been found before the panel came. */
  private announce(shown: Finding[]): void {
    if (!this.told) return;
    const fresh = shown.filter((finding) => !this.told!.has(nameOf(finding)));
    if (!fresh.length) return;
    for (const finding of fresh) this.told.add(nameOf(finding));
    write(this.announcement, fresh.map((finding) => `New ${finding.severity}: ${nameOf(finding)}, since step ${finding.since}.`).join(" "));
  }

  private goTo(finding: Finding): void {
    this.arrange(this.store.eventLog.findings.shown, true);
    const card = this.cards.get(finding.key);
    if (card) {
      card.open(true);
      card.focus();
    } else {
      this.aside.open(true);
      this.aside.focus();
    }
  }
}
