import { add } from "./dom";

/** What fails in a view rests and is said once, in words; neither its other parts nor the training suffer. */
export class Faults {
  /** Which part is at work. */
  part = "view";
  private said = new Set<string>();

  constructor(private panel: HTMLElement) {}

  /** Whether a part could do something; if it listens to anything meanwhile, it is this part that does. */
  attempt(part: string, work: () => void): boolean {
    const before = this.part;
    this.part = part;
    try {
      work();
      return true;
    } catch (error) {
      this.blame(part, error);
      return false;
    } finally {
      this.part = before;
    }
  }

  private blame(part: string, error: unknown): void {
    if (this.said.has(part)) return;
    this.said.add(part);
    console.warn(`trainbook has a fault in the panel's ${part}`, error);
    const what = String(error).slice(0, 200);
    const text = `The ${part.replace("_", " ")} part of this panel has a fault and rests: ${what}. The training is not affected.`;
    add(this.panel, "p", "fault", text).setAttribute("role", "status");
  }
}
