import { Mean } from "./reduction";
import type { Table, TableHolder } from "./table";

/** Columns that the recorder adds to every row; they are no metrics. */
const CONTEXT = /^(_.*|epoch|learning_rate(_\d+)?(\/.*)?)$/;

/** The column that tells how many samples a row is of. */
export const SAMPLES = "_samples";

/** The column that tells when a row was logged, in seconds since 1970. */
export const TIME = "_time";

export const isMetric = (column: string): boolean => !CONTEXT.test(column);

/** The rule is that of `trainbook/run/tables.py`. */
const WORD = "train(?:ing)?|val(?:id(?:ation)?)?|eval(?:uation)?|dev|test"; // which data a metric is of
const ANY_CASE = WORD.replace(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);
const FIRST = new RegExp(`(^|/)(${ANY_CASE})(?:[_/.: -]+(?=.)|(?=[A-Z][a-z]))`); // `val_loss`, `val/loss`, `valLoss`
const LAST = new RegExp(`^(.+?)([_/.: -]+)(${WORD})$`, "i");
const MEASURES =
  "loss|error|err|acc|accuracy|f1|auc|auroc|precision|recall|score|iou|miou|dice|map|mae|mse|rmse|nll|ce|bce|kl|r2|" +
  "perplexity|ppl|bleu|wer|reward|top1|top5";
const MEASURED = new RegExp(`(?:^|[_/.: -])(?:${MEASURES})$`, "i");

/** The word that tells which data a metric is of, and the name without it; an empty word if there is none. */
function dataOf(name: string): [word: string, family: string] {
  const first = FIRST.exec(name);
  if (first) return [first[2].toLowerCase(), name.slice(0, first.index) + first[1] + name.slice(first.index + first[0].length)];
  const last = LAST.exec(name);
  if (!last) return ["", name];
  const [, family, between, word] = last;
  // At the end, `val` can be short for value and `dev` for deviation.
  const isPlain = !/^(val|dev)$/i.test(word) || /[/.]/.test(between) || MEASURED.test(family);
  return isPlain ? [word.toLowerCase(), family] : ["", name];
}

/** `train_loss`, `val_loss` and `eval/loss` share their axes: all are of the family "loss". */
export const familyOf = (name: string): string => dataOf(name)[1];

/** Whether a metric is measured by a validation. */
export function isTwin(name: string): boolean {
  const [word] = dataOf(name);
  return word !== "" && !word.startsWith("train");
}

/** The last value of a metric in all tables; of several in one step their mean. */
export function latest(held: TableHolder, name: string): number | undefined {
  const holding = metricTables(held).filter(({ columns }) => columns.get(name)?.length);
  const step = Math.max(...holding.map((table) => table.step.last!));
  const mean = new Mean();
  let value: number | undefined;
  for (const table of holding) {
    const values = table.columns.get(name)!;
    const samples = table.columns.get(SAMPLES);
    for (let i = table.step.length - 1; table.step.at(i) === step && i >= 0; i--)
      value = mean.add(values.at(i), samples ? samples.at(i) : NaN);
  }
  return value;
}

export function metricNames(held: TableHolder): Set<string> {
  const names = new Set<string>();
  for (const table of metricTables(held)) {
    if (!table.step.length) continue;
    for (const name of table.columns.keys()) {
      if (isMetric(name)) names.add(name);
    }
  }
  return names;
}

const metricTables = (held: TableHolder): Table[] =>
  [...held.tables.values()].filter(({ stream }) => stream === "train" || stream === "valid");
