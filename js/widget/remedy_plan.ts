import { changeDetector } from "./changes";
import { add, addButton, setAttribute, write } from "./dom";
import { oneLine, truncate } from "./format";
import type { Planning } from "./planning";
import type { PlannedChange } from "./protocol";

const LONGEST = 120; // characters of a place or of what is there
const FEW = 6; // changes that are shown at first; one more needs no line that tells of it
const MOST = 100;

let count = 0; // of the plans in this page

/** What a remedy will change, as a list to read before it is applied or not. */
export class RemedyPlan {
  private element: HTMLElement;
  private list: HTMLElement;
  private more: HTMLButtonElement;
  private rest: HTMLElement;
  private applyButton: HTMLButtonElement;
  private cancelButton: HTMLButtonElement;
  private isWhole = false;
  private isOther = changeDetector();

  /** `said` says in a sentence what will be done. */
  constructor(
    parent: HTMLElement,
    said: HTMLElement,
    private planning: Planning,
  ) {
    said.id = `trainbook-plan-${count++}`;
    this.element = add(parent, "div", "plan");
    this.element.hidden = true;
    this.element.setAttribute("role", "group");
    this.list = add(this.element, "ul", "changes");
    this.list.setAttribute("role", "list");
    this.list.setAttribute("aria-label", "What will change");
    this.list.tabIndex = 0; // a long one is scrolled by the arrow keys
    this.more = addButton(this.element, "quiet", "", () => this.unfold());
    this.rest = add(this.element, "span", "muted");
    const buttons = add(this.element, "div", "group");
    this.applyButton = addButton(buttons, "primary", "Apply", () => planning.apply());
    this.applyButton.setAttribute("aria-describedby", said.id);
    this.cancelButton = addButton(buttons, "", "Cancel", () => planning.cancel());
  }

  /** `label`: what the remedy is called; `opener`: its button, which has the focus before and after the plan. */
  show(label: string, opener: HTMLElement): void {
    const { element, planning } = this;
    const { plan, isApplying } = planning;
    const wasOpen = !element.hidden;
    const hadFocus = element.matches(":focus-within");
    element.hidden = !plan;
    if (this.isOther(plan?.changes)) this.take(plan?.changes ?? []);
    setAttribute(element, "aria-label", `Plan of ${label}`);
    setAttribute(this.applyButton, "aria-label", `Apply ${label}`);
    setAttribute(this.applyButton, "aria-busy", isApplying);
    setAttribute(this.cancelButton, "aria-label", `Cancel ${label}`);
    this.cancelButton.disabled = isApplying;
    if (plan && !wasOpen && opener.matches(":focus")) this.focus();
    if (!plan && hadFocus) opener.focus({ preventScroll: true });
  }

  focus(): void {
    this.applyButton.focus({ preventScroll: true });
    this.element.scrollIntoView({ block: "nearest" });
  }

  private take(changes: PlannedChange[]): void {
    this.isWhole = changes.length <= FEW + 1;
    this.list.replaceChildren();
    this.list.hidden = !changes.length;
    this.add(changes.slice(0, this.isWhole ? FEW + 1 : FEW));
    this.more.hidden = this.isWhole;
    write(this.more, this.isWhole ? "" : `and ${changes.length - FEW} more`);
    write(this.rest, "");
  }

  private unfold(): void {
    const changes = this.planning.plan?.changes ?? [];
    this.more.hidden = true;
    this.add(changes.slice(FEW, MOST));
    if (changes.length > MOST) write(this.rest, `and ${changes.length - MOST} more`);
    this.list.focus({ preventScroll: true });
  }

  private add(changes: PlannedChange[]): void {
    for (const { where, before, after } of changes) {
      const line = add(this.list, "li");
      addCode(add(line, "span"), where);
      const pair = add(line, "span");
      addCode(add(pair, "del"), before || "nothing");
      pair.append(" → ");
      addCode(add(pair, "ins"), after || "nothing");
    }
  }
}

function addCode(parent: HTMLElement, text: string): void {
  const whole = oneLine(text);
  const code = add(parent, "code", "", truncate(whole, LONGEST));
  if (whole.length > LONGEST) code.title = truncate(whole, 10 * LONGEST);
}
