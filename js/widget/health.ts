import type { Finding } from "./finding_log";

export type Tone = "good" | "warn" | "bad";

/** Some steps in which the run was as healthy, and what was found in them. */
export interface HealthStretch {
  from: number;
  to: number;
  tone: Tone;
  findings: Finding[];
}

/** Findings came or went at a step. */
export interface HealthMark {
  step: number;
  came: Finding[];
  went: Finding[];
}

export interface Health {
  stretches: HealthStretch[];
  marks: HealthMark[];
}

/** How healthy a run was from its start to the last step at which it was looked at. */
export function healthOf(findings: readonly Finding[], start: number, last: number): Health {
  const marks = new Map<number, HealthMark>();
  const markAt = (step: number) => marks.get(step) ?? marks.set(step, { step, came: [], went: [] }).get(step)!;
  const edges = new Set([start, last]);
  for (const finding of findings) {
    finding.stretches.forEach(({ from, to }, i) => {
      for (const step of [from, to ?? last]) if (start < step && step < last) edges.add(step);
      if (finding.stretches[i - 1]?.to !== from) markAt(from).came.push(finding);
      if (to !== undefined && finding.stretches[i + 1]?.from !== to) markAt(to).went.push(finding);
    });
  }
  const at = [...edges].sort((a, b) => a - b);
  const stretches = at.slice(1).map((to, i) => stretchOf(findings, at[i], to));
  return { stretches: joined(stretches), marks: [...marks.values()].sort((a, b) => a.step - b.step) };
}

function stretchOf(findings: readonly Finding[], from: number, to: number): HealthStretch {
  const isIn = (at: Finding["stretches"][0]) => at.from <= from && from < (at.to ?? Infinity);
  const held = findings.filter(({ stretches }) => stretches.some(isIn));
  const isError = held.some(({ stretches }) => stretches.some((at) => isIn(at) && at.severity === "error"));
  return { from, to, tone: isError ? "bad" : held.length ? "warn" : "good", findings: held };
}

/** Neighbours that are equal are one. */
function joined(stretches: HealthStretch[]): HealthStretch[] {
  const kept: HealthStretch[] = [];
  for (const one of stretches) {
    const before = kept[kept.length - 1];
    const isSame = before?.tone === one.tone && before.findings.every((finding, i) => finding === one.findings[i]);
    if (isSame && before.findings.length === one.findings.length) before.to = one.to;
    else kept.push(one);
  }
  return kept;
}

/** How many there are of each severity, in words. */
export function countText(findings: readonly Finding[]): string {
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const warnings = findings.length - errors;
  const counted = (count: number, word: string) => (count ? [`${count} ${word}${count > 1 ? "s" : ""}`] : []);
  return [...counted(errors, "error"), ...counted(warnings, "warning")].join(", ");
}
