import { familyOf, isTwin } from "./metrics";

/** Metrics that are drawn on one pair of axes. The rule is that of `trainbook/run/groups.py`; `test/groups.json` holds both. */
export interface Group {
  /** `loss`, or `d/` of those with a prefix. */
  name: string;
  /** In a family what is measured by a validation comes last. */
  metrics: string[];
}

const MOST = 8; // families of a group
const FEW = 3; // names that a title can hold
const LETTERS = 3; // of a beginning that tells something: "D" does not

const MEANINGS: Record<string, string> = {
  loss: "loss losses nll ce bce xent crossentropy cost criterion",
  scores:
    "acc accuracy accuracies f1 precision recall auc auroc auprc iou miou dice jaccard map ap aps apm apl ar top hits mrr ndcg sensitivity specificity",
  error: "error err mae rmse mape smape mase wer cer",
  reward: "reward rewards rew return returns",
  lr: "lr",
  "": "scale weight weights coef coeff coefficient norm ratio threshold variance var time entropy approx clip clipfrac frac fraction", // of another scale than what stands before them
};
const MEANING = new Map(Object.entries(MEANINGS).flatMap(([meaning, words]) => words.split(" ").map((word) => [word, meaning] as const)));
/** Our own words for what the metrics of a group mean. */
const TITLES = new Map([
  ["loss", "loss"],
  ["scores", "scores"],
  ["error", "error"],
  ["reward", "reward"],
  ["lr", "learning rate"],
]);
const setOf = (words: string) => new Set(words.split(" "));
const TERMS = setOf("recon reconstruction rec kl kld elbo mse commitment perceptual tv reg gp box cls obj dfl aux"); // of a loss
const STATISTICS = setOf("mean avg average max min std median sum total ema lowest highest");
const COUNTS = setOf("timesteps steps updates iterations iters frames tokens samples images episodes epochs fps sps elapsed"); // each at its own pace
const MEASURES = setOf("score bleu rouge r2 psnr ssim fid perplexity ppl win success"); // beside `scores`, `error` and `reward`

const CAPITAL = /([a-z\d])([A-Z](?=[a-z]|_|\b))/g; // `policyLoss` and `lossG`, but not `mAP`
const PATH = /^(.+)(?:\/|\.(?!\d))/; // `encoder.0.norm`, but not `quantile_0.5`
const LOSSES = /(?:^|[/.])loss(?:es)?[/.]/i;
const SHORT = /^([\p{L}\p{N}]{1,2})[_(: -]/u;

/** The words of a name in lower case. */
export const wordsOf = (name: string): string[] =>
  name
    .replace("IoU", "iou")
    .replace(CAPITAL, "$1_$2")
    .toLowerCase()
    .replace(/cross_entropy/g, "crossentropy")
    .match(/\p{L}+\d*/gu) ?? [];

const bare = (word: string): string => (MEANING.has(word) || MEASURES.has(word) ? word : word.replace(/\d+$/, ""));

/** undefined if no word has one, empty if the last one takes it away. */
const meaningOf = (words: string[]): string | undefined =>
  words.map((word) => MEANING.get(bare(word))).reduce((before, one) => one ?? before, undefined);

/** By what a family's name means, else by its prefix, else by what is left without statistics, numbers and single letters. */
function groupName(family: string): string {
  const words = wordsOf(family).map(bare);
  const path = PATH.exec(family);
  const own = path ? meaningOf(wordsOf(family.slice(path[0].length))) : undefined; // of what stands after the path
  if (LOSSES.test(family) && own !== "") return "loss"; // a `loss/reward`, too
  const meaning = meaningOf(words);
  if (meaning) return meaning;
  if (words.some((word) => COUNTS.has(word))) return family.toLowerCase();
  const isTerm = (word: string) => TERMS.has(word) || STATISTICS.has(word) || word.length === 1;
  if (meaning === undefined && words.some((word) => TERMS.has(word)) && words.every(isTerm)) return "loss";
  const prefix = path ?? SHORT.exec(family);
  if (own === undefined && prefix) return `${prefix[1].toLowerCase()}/`;
  const kept = words.filter((word) => !STATISTICS.has(word));
  const long = kept.filter((word) => word.length > 1);
  return (long.length ? long : kept).join("_") || family.toLowerCase();
}

/** What to write above the plot: a name as it was logged, what all names mean, how all begin, or the names. */
export function titleOf({ name, metrics }: Group): string {
  const families = [...new Set(metrics.map(familyOf))];
  if (metrics.length === 1 || families.length === 1) return metrics.length === 1 ? metrics[0] : families[0];
  if (TITLES.has(name)) return TITLES.get(name)!;
  const shared = sharedStart(families);
  const isLater = / \d+$/.test(name); // the beginning is the title of those before
  if (!isLater && (shared.match(/\p{L}/gu) ?? []).length >= LETTERS) return shared;
  return families.length <= FEW ? families.join(", ") : `${families[0]} … ${families[families.length - 1]}`;
}

/** Whether a title is a word of ours. */
export const isMeaning = (title: string): boolean => [...TITLES.values()].includes(title);

/** The words that all names begin with. */
function sharedStart([first, ...others]: string[]): string {
  let end = first.length;
  while (others.some((name) => !name.startsWith(first.slice(0, end))) || [first, ...others].some((name) => isWithinWord(name, end))) end--;
  return first.slice(0, end).replace(/[^\p{L}\p{N}]+$/u, "");
}

/** Whether a place in a name is within a word or a number. */
function isWithinWord(name: string, at: number): boolean {
  const [before, after] = [name.slice(0, at), name.slice(at)];
  return /^(?:\p{L}\p{Ll}|\p{Lu}\p{Lu})$/u.test(before.slice(-1) + after.slice(0, 1)) || (/\d\.?$/.test(before) && /^\.?\d/.test(after));
}

/** The metrics of each family, `val_` and the like last. */
function familiesOf(names: Iterable<string>): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const name of new Set(names)) found.set(familyOf(name), [...(found.get(familyOf(name)) ?? []), name]);
  for (const [family, metrics] of found) found.set(family, [...metrics.filter((name) => !isTwin(name)), ...metrics.filter(isTwin)]);
  return found;
}

function rankOf({ name, metrics }: Group, monitor: string | undefined): number {
  const [kind] = name.split(" ");
  const isMonitored = monitor !== undefined && metrics.some((metric) => familyOf(metric) === familyOf(monitor));
  const isCount = () => metrics.every((metric) => wordsOf(metric).some((word) => COUNTS.has(bare(word))));
  if (isMonitored && kind === "reward") return 0; // the losses of reinforcement learning say little
  if (kind === "loss") return 1;
  if (isMonitored) return 2;
  const isMeasure = () => metrics.some((metric) => wordsOf(metric).some((word) => MEASURES.has(bare(word))));
  return ["scores", "error", "reward"].includes(kind) || isMeasure() ? 3 : isCount() ? 5 : 4;
}

/** Sorts metrics into groups that are worth comparing with each other, the one that matters most first. */
export function groupMetrics(names: Iterable<string>, monitor?: string): Group[] {
  const families = familiesOf(names);
  const members = new Map<string, string[]>();
  const isPlain = (family: string) => family.toLowerCase() === "loss";
  for (const family of [...families.keys()].sort((a, b) => Number(isPlain(b)) - Number(isPlain(a)))) {
    const name = groupName(family);
    const those = members.get(name);
    if (those) those.push(family);
    else members.set(name, [family]);
  }
  const order = new Map([...families.keys()].map((family, i) => [family, i]));
  return [...members]
    .flatMap(([name, those]) => portions(name, those, families))
    .map((group) => ({ group, rank: rankOf(group, monitor), at: Math.min(...group.metrics.map((name) => order.get(familyOf(name))!)) }))
    .sort((a, b) => a.rank - b.rank || a.at - b.at)
    .map(({ group }) => group);
}

/** More lines than that can't be told apart: the others begin another group of that name. */
function portions(name: string, those: string[], families: Map<string, string[]>): Group[] {
  return Array.from({ length: Math.ceil(those.length / MOST) }, (_, i) => ({
    name: i ? `${name} ${i + 1}` : name,
    metrics: those.slice(i * MOST, (i + 1) * MOST).flatMap((family) => families.get(family)!),
  }));
}
