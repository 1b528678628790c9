/** Makes a function that tells whether its arguments differ from those of its last call, by what is in them. */
export function changeDetector(): (...values: unknown[]) => boolean {
  let before: string | undefined;
  return (...values) => {
    const now = JSON.stringify(values);
    const isChange = now !== before;
    before = now;
    return isChange;
  };
}
