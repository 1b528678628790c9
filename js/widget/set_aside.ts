import { changeDetector } from "./changes";
import { add, addButton, setAttribute, write } from "./dom";
import { type Finding, nameOf } from "./finding_log";
import type { Link } from "./link";
import type { Store } from "./store";

/** A quiet line of what is muted and what holds no longer, which unfolds. */
export class SetAside {
  private element: HTMLElement;
  private more: HTMLButtonElement;
  private list: HTMLElement;
  private hasChanged = changeDetector();

  constructor(
    parent: HTMLElement,
    private store: Store,
    private link: Link,
  ) {
    this.element = add(parent, "div", "set-aside");
    this.more = addButton(this.element, "quiet more", "", () => this.open(!this.isOpen));
    setAttribute(this.more, "aria-expanded", false);
    this.list = add(this.element, "ul");
    this.list.setAttribute("role", "list");
    this.list.setAttribute("aria-label", "Muted, or withdrawn");
  }

  get isOpen(): boolean {
    return this.more.getAttribute("aria-expanded") === "true";
  }

  open(isOpen: boolean): void {
    setAttribute(this.more, "aria-expanded", isOpen);
    this.store.touch();
  }

  focus(): void {
    this.more.focus({ preventScroll: true });
    this.element.scrollIntoView({ block: "nearest" });
  }

  show(muted: Finding[], withdrawn: Finding[]): void {
    const { store, link, isOpen } = this;
    this.element.hidden = !muted.length && !withdrawn.length;
    write(this.more, summary(muted.length, withdrawn.length));
    this.list.hidden = !isOpen;
    const asked = muted.map((finding) => link.isAsked("mute", unmuting(finding)));
    if (!this.hasChanged(isOpen, store.eventLog.version, store.lost, asked) || !isOpen) return;
    this.list.replaceChildren();
    muted.forEach((finding, i) => this.addLine(finding, asked[i]));
    for (const finding of withdrawn) this.addLine(finding, false);
  }

  private addLine(finding: Finding, isAsked: boolean): void {
    const { store, link } = this;
    const line = add(this.list, "li");
    add(line, "span", "", nameOf(finding));
    add(line, "span", "muted", whenText(finding));
    if (!finding.isMuted) return;
    const unmute = addButton(line, "quiet", "Unmute", () => isAsked || link.send({ command: "mute", arguments: unmuting(finding) }));
    unmute.setAttribute("aria-label", `Unmute ${nameOf(finding)}`);
    unmute.disabled = store.lost !== null;
    setAttribute(unmute, "aria-busy", isAsked);
  }
}

const unmuting = ({ kind, where }: Finding) => ({ finding: kind, where, on: false });

function summary(muted: number, withdrawn: number): string {
  const parts = [muted && `${muted} muted`, withdrawn && `${withdrawn} no longer ${withdrawn === 1 ? "holds" : "hold"}`];
  return parts.filter(Boolean).join(", ");
}

function whenText({ isMuted, holds, since, stretches }: Finding): string {
  const last = stretches[stretches.length - 1];
  const when = holds ? `since step ${since}` : `steps ${since} to ${last.to}`;
  return isMuted ? `muted · ${when}` : when;
}
