const MOST = 2000; // names that are compared
const LONGEST = 64; // characters of a name that count

/** The name that is most like a wanted one; undefined if none is like it. */
export function nearestName(wanted: string, names: Iterable<string>): string | undefined {
  if (!wanted) return undefined;
  let [found, least]: [string | undefined, number] = [undefined, Math.max(2, wanted.length * 0.5)];
  for (const name of [...names].slice(0, MOST)) {
    const [a, b] = [wanted.toLowerCase(), name.toLowerCase()];
    const away =
      b && (b.includes(a) || a.includes(b))
        ? Math.min(1.5, Math.abs(a.length - b.length))
        : distance(a.slice(0, LONGEST), b.slice(0, LONGEST));
    if (away < least || (away === least && found === undefined)) [found, least] = [name, away];
  }
  return found;
}

/** How many characters are to be changed, added or taken away to make one text of another (Levenshtein 1966). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + Number(a[i - 1] !== b[j - 1]));
    row = next;
  }
  return row[b.length];
}
