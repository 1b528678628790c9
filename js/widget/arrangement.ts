import type { Choices } from "./choices";
import { type Group, titleOf } from "./metric_groups";
import { familyOf } from "./metrics";
import type { PlotKind, PlotSpec } from "./protocol";

/** A plot of metrics, as it is to be drawn. */
export interface Plot {
  /** By which choices remember it. */
  key: string;
  title: string;
  metrics: string[];
  /** Names that were asked for and that no metric or group has, so far. */
  missing: string[];
  kind: PlotKind;
  /** What is along the x axis, if it was said. */
  x?: string;
  /** Whether the y axis is logarithmic, if it was said. */
  log?: boolean;
}

/** The key of the plot whose metrics a person chose. */
export const CHOSEN = "chosen metrics";

/** One plot for each spec, or else for each group; before them the metrics that a person chose. */
export function plotsOf(groups: Group[], specs: PlotSpec[], choices: Choices): Plot[] {
  const known = new Set(groups.flatMap(({ metrics }) => metrics));
  const chosen = choices.chosen.filter((name) => known.has(name));
  const own = chosen.length ? [plot(CHOSEN, chosen.length > 1 ? "Chosen metrics" : chosen[0], chosen)] : [];
  const rest = specs.length
    ? specs.map((spec) => plotOf(spec, groups, known))
    : groups.map((group) => plot(group.name, titleOf(group), group.metrics));
  return [...own, ...rest].map((one) => ({ ...one, log: choices.log[one.key] ?? one.log, ...choices.kinds[one.key] }));
}

const plot = (key: string, title: string, metrics: string[]): Plot => ({ key, title, metrics, missing: [], kind: "line" });

/** A metric comes with its twins of other data; what is no metric may be a group. */
function plotOf({ metrics: names, ...how }: PlotSpec, groups: Group[], known: Set<string>): Plot {
  const found = new Map(names.map((name) => [name, metricsOf(name, groups, known)]));
  const metrics = [...new Set([...found.values()].flat())];
  const missing = names.filter((name) => !found.get(name)!.length);
  const key = [...names, how.x ?? "", how.kind ?? ""].join(" ");
  return { key, title: names.join(", "), metrics, missing, ...how, kind: how.kind ?? "line" };
}

function metricsOf(name: string, groups: Group[], known: Set<string>): string[] {
  const ofFamily = [...known].filter((one) => one !== name && familyOf(one) === (known.has(name) ? familyOf(name) : name));
  if (known.has(name)) return [name, ...ofFamily];
  if (ofFamily.length) return ofFamily;
  const isMeant = (group: Group) => [group.name, group.name.replace(/\/$/, ""), titleOf(group)].includes(name);
  return groups.find(isMeant)?.metrics ?? [];
}

export interface Arrangement {
  large: Plot | undefined;
  small: Plot[];
  /** Those that take no plot of their own, as they have nothing but one value. */
  constant: Plot[];
  /** How many metrics are nowhere. */
  more: number;
}

/** What a run has recorded, as far as it decides what is drawn. */
export interface Known {
  /** How many metrics there are. */
  count: number;
  isConstant: (plot: Plot) => boolean;
}

/**
 * The first plot is large, unless another one was enlarged, which changes places with it; pinned ones come before the others. What never changes
 * has no plot while another one does, unless one asked for it. `room` tells how many small plots there may be of so many.
 */
export function arrange(plots: Plot[], choices: Choices, room: (wanted: number) => number, { count, isConstant }: Known): Arrangement {
  const visible = plots.filter(({ key }) => !choices.hidden.includes(key));
  const isPinned = ({ key }: Plot) => choices.pinned.includes(key);
  const constant = visible.filter((plot) => plot.key !== choices.large && plot.key !== CHOSEN && !isPinned(plot) && isConstant(plot));
  const others = visible.filter((plot) => !constant.includes(plot));
  if (!others.length) others.push(...constant.splice(0, 1));
  const at = others.findIndex(({ key }) => key === choices.large);
  if (at > 0) [others[0], others[at]] = [others[at], others[0]];
  const [large, ...rest]: (Plot | undefined)[] = others;
  const sorted = [...(rest as Plot[]).filter(isPinned), ...(rest as Plot[]).filter((one) => !isPinned(one))];
  const together = constant.length ? 1 : 0;
  const small = sorted.slice(0, Math.max(0, room(sorted.length + together) - together));
  const shown = new Set([...(large ? [large] : []), ...small, ...constant].flatMap(({ metrics }) => metrics));
  return { large, small, constant, more: count - shown.size };
}
