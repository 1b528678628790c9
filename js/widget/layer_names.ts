/** Names without what they all begin with, as far as it ends at a dot. */
export function distinctParts(names: string[]): string[] {
  if (names.length < 2) return names;
  const paths = names.map((name) => name.split("."));
  const [first] = paths;
  let shared = 0;
  while (paths.every((path) => shared < path.length - 1 && path[shared] === first[shared])) shared++;
  return paths.map((path) => path.slice(shared).join("."));
}

/** `encoder.layer.0.query` as `e.l.0.query`, from the left as far as needed; what is still too long loses its middle. */
export function shorten(name: string, length: number): string {
  const parts = name.split(".");
  for (let i = 0; i < parts.length - 1 && parts.join(".").length > length; i++) parts[i] = abbreviate(parts[i]);
  const short = parts.join(".");
  if (short.length <= length) return short;
  const head = Math.floor((length - 1) / 3);
  return `${short.slice(0, head)}…${short.slice(short.length - (length - 1 - head))}`;
}

/** A number says which of its like it is: it stays. */
const abbreviate = (part: string): string => (/^\d+$/.test(part) ? part : part.charAt(0));
