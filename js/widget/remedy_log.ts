import type { PlanEvent, RemedyButton, TrialEvent } from "./protocol";
import { argumentsText } from "./requests";

/** A remedy, and what it is asked with. */
export type Asked = Pick<RemedyButton, "command" | "arguments">;

/** What remedies would do, and what came of those that were applied, as the events of a run tell it. */
export class RemedyLog {
  /** By the command and what it was asked with, oldest first. */
  private plans = new Map<string, PlanEvent[]>();
  /** By the id of the command that has applied the remedy. */
  private comparisons = new Map<string, TrialEvent>();
  private keptOnes = new Map<string, TrialEvent>();

  addPlan(event: PlanEvent): void {
    const { remedy: command, asked = {}, id } = event;
    if (command === undefined || id !== undefined) return; // one that was carried out is told once more
    const key = keyOf({ command, arguments: asked });
    const plans = this.plans.get(key) ?? [];
    this.plans.set(key, plans);
    plans.push(event);
  }

  addTrial(event: TrialEvent): void {
    if (event.id === undefined) return;
    if (event.status === "compared") this.comparisons.set(event.id, event);
    if (event.status === "kept") this.keptOnes.set(event.id, event);
  }

  /** All plans of a remedy with these arguments, oldest first. */
  plansOf(remedy: Asked): readonly PlanEvent[] {
    return this.plans.get(keyOf(remedy)) ?? [];
  }

  /** Whether a command with these arguments applies the remedy: as it was offered, or as it was planned. */
  isApplication(remedy: Asked, given: object): boolean {
    const forms = [remedy.arguments, ...this.plansOf(remedy).map((plan) => plan.arguments ?? {})];
    const text = argumentsText(given);
    return forms.some((form) => argumentsText(form) === text);
  }

  comparison(id: string): TrialEvent | undefined {
    return this.comparisons.get(id);
  }

  kept(id: string): TrialEvent | undefined {
    return this.keptOnes.get(id);
  }
}

/** Tells a remedy with its arguments from all others. */
export const keyOf = ({ command, arguments: given }: Asked): string => `${command} ${argumentsText(given)}`;
