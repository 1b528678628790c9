import { oneLine } from "./format";
import type { FindingEvent } from "./protocol";

export type Severity = "error" | "warning";

/** From which step to which one a finding held; without `to` it still does. */
export interface Stretch {
  from: number;
  to?: number;
  severity: Severity;
}

/** Something that is, or was, wrong with the training. */
export interface Finding {
  /** Tells it from all others. */
  key: string;
  kind: string;
  where: string;
  /** What was said of it last. */
  event: FindingEvent;
  severity: Severity;
  /** The step at which it was found, the last time that it came. */
  since: number;
  /** The same in seconds since 1970. */
  time: number;
  holds: boolean;
  isMuted: boolean;
  /** Oldest first. */
  stretches: Stretch[];
}

/** The findings of a run, as its events tell them. */
export class FindingLog {
  /** By key, in the order in which they came the last time. */
  private found = new Map<string, Finding>();
  private mutedKeys = new Set<string>();

  add(event: FindingEvent): void {
    const { finding: kind, where = "", status } = event;
    if (kind === undefined) return;
    const key = JSON.stringify([kind, where]);
    const known = this.found.get(key);
    if (status === "found") this.find(key, kind, where, event);
    else if (status === "withdrawn") known && end(known, event.step);
    else if (status !== undefined) this.mute(key, status === "muted");
  }

  /** All that were ever found. */
  get all(): Finding[] {
    return [...this.found.values()];
  }

  /** Those that hold and are not muted: errors first, and else in the order in which they came. */
  get shown(): Finding[] {
    const shown = this.all.filter(({ holds, isMuted }) => holds && !isMuted);
    return [...shown.filter(({ severity }) => severity === "error"), ...shown.filter(({ severity }) => severity !== "error")];
  }

  get muted(): Finding[] {
    return this.all.filter(({ isMuted }) => isMuted);
  }

  /** Those that hold no longer. */
  get withdrawn(): Finding[] {
    return this.all.filter(({ holds, isMuted }) => !holds && !isMuted);
  }

  private find(key: string, kind: string, where: string, event: FindingEvent): void {
    const { step, time, severity = "warning" } = event;
    const known = this.found.get(key);
    const stretches = known?.stretches ?? [];
    const last = known?.holds ? stretches[stretches.length - 1] : undefined;
    if (!last) this.found.delete(key); // it comes anew, behind the others
    if (last && last.severity !== severity) last.to = step;
    if (last?.severity !== severity) stretches.push({ from: step, severity });
    const { since, time: came } = known?.holds ? known : { since: step, time };
    const isMuted = this.mutedKeys.has(key);
    this.found.set(key, { key, kind, where, event, severity, since, time: came, holds: true, isMuted, stretches });
  }

  private mute(key: string, isMuted: boolean): void {
    if (isMuted) this.mutedKeys.add(key);
    else this.mutedKeys.delete(key);
    const known = this.found.get(key);
    if (known) known.isMuted = isMuted;
  }
}

function end(finding: Finding, step: number): void {
  if (finding.holds) finding.stretches[finding.stretches.length - 1].to = step;
  finding.holds = false;
}

/** Words that are not written as they are spoken. */
const SPELLED: Record<string, string> = { nan: "NaN", relu: "ReLU", lr: "learning rate", gan: "GAN" };

/** The kind in plain words: those that the event brings, or else its name. */
export function titleOf({ kind, event }: Finding): string {
  const words = kind.split("_").map((word) => SPELLED[word] ?? word);
  const text = oneLine(event.label ?? words.join(" "));
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Its kind and its place, in words. */
export function nameOf(finding: Finding): string {
  const where = oneLine(finding.where);
  return where ? `${titleOf(finding)} in ${where}` : titleOf(finding);
}
