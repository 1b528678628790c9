import type { Curve } from "./curve";
import { familyOf, isTwin } from "./metrics";
import { optimizerColor, ownColors } from "./optimizers";

export interface Style {
  /** The name of a CSS variable. */
  color: string;
  dashed: boolean;
}

const FIRST = "--train";
const TWINS = ["--valid", "--third"]; // of the first family
const OTHERS = ["--fourth", "--third", "--fifth", "--sixth", "--valid"]; // other families
const solid = (color: string): Style => ({ color, dashed: false });

/**
 * Blue is the training's, orange the validation's, as long as there is one family. Further families have a colour each, which
 * their validation shares, dashed; what is beyond the colours begins anew, dashed. What belongs to an optimizer has its colour.
 */
export function stylesOf(names: string[], optimizers: string[] = []): Map<string, Style> {
  const families = [...new Set(names.map(familyOf))];
  const owned = ownColors(families, optimizers);
  const used = new Set(optimizers.length > 1 && families.length > 1 ? optimizers.map((one) => optimizerColor(one, optimizers)) : []);
  const free = [FIRST, ...OTHERS].filter((color) => !used.has(color));
  const others = families.filter((family) => !owned.has(family));
  const left = TWINS.filter((color) => !used.has(color));
  const styleOf = (name: string): Style => {
    const own = owned.get(familyOf(name));
    const at = others.indexOf(familyOf(name));
    const hasPartner = isTwin(name) && names.some((one) => !isTwin(one) && familyOf(one) === familyOf(name));
    if (own) return { color: own, dashed: hasPartner };
    if (at === 0 && !used.size) return solid(isTwin(name) ? (left.shift() ?? "--fourth") : FIRST);
    const [color, isAgain] = at < free.length ? [free[at], false] : [OTHERS[(at - free.length) % OTHERS.length], true];
    return { color, dashed: hasPartner || isAgain };
  };
  return new Map(names.map((name) => [name, styleOf(name)]));
}

/** Whether a metric is logged about once an epoch, like those of a validation: it is drawn with dots and not smoothed. */
export function isPerEpoch({ name, step }: Curve, epoch: number): boolean {
  if (isTwin(name)) return true;
  const gap = (step.last! - step.values[0]) / (step.length - 1);
  return step.length <= epoch + 1 && gap > 1;
}

/** Whether a logarithmic scale is the better one: for positive losses, and for other positive metrics with a wide range. */
export function suitsLog(curves: Curve[], title: string): boolean {
  const lowest = Math.min(...curves.map((curve) => curve.lowest));
  const highest = Math.max(...curves.map((curve) => curve.highest));
  return lowest > 0 && (title.toLowerCase().includes("loss") || highest > 100 * lowest);
}
