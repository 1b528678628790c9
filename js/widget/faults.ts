import { add } from "./dom";

/** Catches the exceptions of a view's parts and shows one message for each part: a part that throws is not drawn again, the others are. */
export class Faults {
  /** The part that is being built or drawn. */
  part = "view";
  private reported = new Set<string>();

  /** `rest` says what goes on all the same. */
  constructor(
    private panel: HTMLElement,
    private rest = "The training is not affected.",
  ) {}

  /** Calls `work` in the name of a part, to which listeners added meanwhile belong; returns false if it throws. */
  attempt(part: string, work: () => void): boolean {
    const before = this.part;
    this.part = part;
    try {
      work();
      return true;
    } catch (error) {
      this.report(part, error);
      return false;
    } finally {
      this.part = before;
    }
  }

  private report(part: string, error: unknown): void {
    if (this.reported.has(part)) return;
    this.reported.add(part);
    console.warn(`trainbook: error in the ${part} part of the panel`, error);
    const what = String(error).slice(0, 200);
    const name = part.replace("_", " ");
    const text = `The ${name} part of this panel has stopped because of an error in trainbook: ${what}. ${this.rest}`;
    add(this.panel, "p", "fault", text).setAttribute("role", "status");
  }
}
