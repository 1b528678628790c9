/**
 * The order of what is listed, by keys. What a person is at does not move: while the list is not at rest, what is in it stays where it is,
 * what is new comes behind it, and what is kept stays although it is not wanted any more.
 */
export function ordered(
  before: readonly string[],
  wanted: readonly string[],
  isKept: (key: string) => boolean,
  isAtRest: boolean,
): string[] {
  const kept = before.filter((key) => !wanted.includes(key) && isKept(key));
  if (isAtRest && !kept.length) return [...wanted];
  const known = before.filter((key) => wanted.includes(key) || kept.includes(key));
  return [...known, ...wanted.filter((key) => !known.includes(key))];
}
