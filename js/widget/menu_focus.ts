/** Which of some items has the focus after a key; undefined if the key is for something else. `typed` is what was typed up to this key. */
export function focusAfter(key: string, now: number, labels: string[], typed: string): number | undefined {
  const count = labels.length;
  if (key === "ArrowDown") return (now + 1) % count;
  if (key === "ArrowUp") return (Math.max(now, 0) - 1 + count) % count;
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  return key.length === 1 && typed.trim() ? found(typed, now, labels) : undefined;
}

/** The next item that begins with a text, else one that contains it; the same letter again goes on to the next one. */
function found(typed: string, now: number, labels: string[]): number | undefined {
  const text = typed.toLowerCase();
  const isRepeated = text.length > 1 && [...text].every((letter) => letter === text[0]);
  const wanted = isRepeated ? text[0] : text;
  const from = wanted.length === 1 ? now + 1 : Math.max(now, 0);
  const order = labels.map((_, i) => (from + i) % labels.length);
  const label = (i: number) => labels[i].toLowerCase();
  return order.find((i) => label(i).startsWith(wanted)) ?? order.find((i) => label(i).includes(wanted)) ?? (now < 0 ? undefined : now);
}
