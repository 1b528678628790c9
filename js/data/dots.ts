/** Places dots on a line so that none hides another: those that are nearer than a dot's width are stacked. */
export function stacked(places: number[], width: number): { at: number; level: number }[] {
  const ends: number[] = []; // where each level is free again
  return [...places]
    .sort((a, b) => a - b)
    .map((at) => {
      const free = ends.findIndex((end) => end <= at);
      const level = free < 0 ? ends.length : free;
      ends[level] = at + width;
      return { at, level };
    });
}
