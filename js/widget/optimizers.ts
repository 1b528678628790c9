import { wordsOf } from "./metric_groups";
import type { Table } from "./table";

/*
 * One thing has one colour in a panel. Where a run has several optimizers, each has a colour of its own: its learning rate, its gradients,
 * and the metric whose name tells that it belongs to it, be it by the whole name or its first letter: `loss_G` and `G/loss` are of
 * `generator`. Where more than one metric of a plot belongs to an optimizer, they have colours that no optimizer has.
 */

/** The columns of an optimizer, where there are several. */
const NAMED: Partial<Record<string, RegExp>> = { train: /^learning_rate(?:_\d+)?\/(.+)$/s, gradients: /^total\/(.+)$/s };
const COLORS = ["--train", "--fourth", "--third", "--fifth", "--sixth", "--valid"];

/** The names of a run's optimizers, if it has several. */
export function optimizersOf(tables: Iterable<Table>): string[] {
  const found = [...tables].flatMap(({ stream, columns }) =>
    [...columns.keys()].flatMap((column) => NAMED[stream]?.exec(column)?.[1] ?? []),
  );
  return [...new Set(found)];
}

/** That of the training where a name is not among them. */
export const optimizerColor = (optimizer: string, optimizers: string[]): string =>
  COLORS[Math.max(0, optimizers.indexOf(optimizer)) % COLORS.length];

/** The colours of those of some families that are the only one of an optimizer. */
export function ownColors(families: string[], optimizers: string[]): Map<string, string> {
  const owners = new Map(families.map((family) => [family, ownerOf(family, optimizers)]));
  const isOnly = (owner: string) => [...owners.values()].filter((one) => one === owner).length === 1;
  const owned = [...owners].filter((entry): entry is [string, string] => entry[1] !== undefined && isOnly(entry[1]));
  return new Map(owned.map(([family, owner]) => [family, optimizerColor(owner, optimizers)]));
}

/** The only optimizer that a name tells. */
function ownerOf(family: string, optimizers: string[]): string | undefined {
  const words = wordsOf(family);
  const found = optimizers.filter((one) => {
    const own = wordsOf(one).filter((word) => optimizers.every((other) => other === one || !wordsOf(other).includes(word)));
    return own.some((word) => words.includes(word) || words.includes(word[0]));
  });
  return found.length === 1 ? found[0] : undefined;
}
