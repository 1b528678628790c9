import { add } from "./dom";
import type { Finding } from "./finding_log";
import type { Link } from "./link";
import type { RemedyButton } from "./protocol";
import "./remedies.css";
import { keyOf } from "./remedy_log";
import { RemedyRow } from "./remedy_row";
import type { Store } from "./store";

const MOST = 30; // remedies of a finding

/** What helps against a finding, best first: buttons, each beside what it will do or what became of it. */
export class Remedies {
  private list: HTMLElement;
  /** By command and arguments, so that one that changes its place keeps its plan. */
  private rows = new Map<string, RemedyRow>();

  constructor(
    parent: HTMLElement,
    private store: Store,
    private link: Link,
  ) {
    this.list = add(parent, "ul", "remedies");
    this.list.setAttribute("role", "list");
    this.list.setAttribute("aria-label", "What helps, best first");
  }

  /** Whether the trial that goes on is of one of them. */
  get isOnTrial(): boolean {
    return [...this.rows.values()].some((row) => row.isOnTrial);
  }

  show(finding: Finding): void {
    const { list } = this;
    const remedies = (finding.event.remedies ?? []).slice(0, MOST);
    const before = this.rows;
    this.rows = new Map(remedies.map((remedy) => [keyOf(remedy), before.get(keyOf(remedy)) ?? this.newRow(remedy)]));
    before.forEach(({ element }, key) => this.rows.has(key) || element.remove());
    list.hidden = !remedies.length;
    [...this.rows.values()].forEach(({ element }, i) => {
      // Only what is out of place is moved: an element that is moved loses the focus.
      if (list.children[i] !== element) list.insertBefore(element, list.children[i] ?? null);
    });
    for (const remedy of remedies) this.rows.get(keyOf(remedy))!.show(remedy, finding);
  }

  private newRow(remedy: RemedyButton): RemedyRow {
    return new RemedyRow(this.list, remedy, this.store, this.link, () => this.rows.forEach((row) => row.cancel()));
  }
}
