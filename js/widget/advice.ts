/** A piece of an advice: words, or code. */
export interface Piece {
  text: string;
  isCode: boolean;
}

export interface Advice {
  words: Piece[];
  /** The code that is to be written, one or more lines; empty if there is none. */
  snippet: string;
}

const MARKED = /`([^`]+)`/g;
/** A call, such as `loss_func(output.squeeze(1), target)`: a name and brackets right behind it, with brackets in them two deep. */
const CALL = /[A-Za-z_][\w.]*\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)/g;
/** A line that sets something, at the end and after a colon. */
const SETTING = /(?<=:\s)[A-Za-z_][\w.]*(?:, [A-Za-z_][\w.]*)* [-+*/]?= .*?(?=\.?$)/g;
const INTRODUCES = /:\s*$/;
const ENDS = /^[\s.]*$/;

/** What is advised, with the code in it told from the words. Code is between backticks, or a call; what follows a colon at the end is a snippet. */
export function adviceOf(text: string): Advice {
  const [first, ...rest] = text.split("\n");
  const block = rest
    .join("\n")
    .replace(/^\s*```\w*\n?|\n?```\s*$/g, "")
    .trimEnd();
  const words = split(first, MARKED).flatMap(within(SETTING)).flatMap(within(CALL));
  if (block.trim()) return { words, snippet: block };
  const end = words.length && ENDS.test(words[words.length - 1].text) ? words.length - 1 : words.length;
  const [before, last] = [words[end - 2], words[end - 1]];
  if (last?.isCode && before && INTRODUCES.test(before.text)) return { words: words.slice(0, end - 1), snippet: last.text };
  return { words, snippet: "" };
}

const within =
  (pattern: RegExp) =>
  (piece: Piece): Piece[] =>
    piece.isCode ? [piece] : split(piece.text, pattern);

/** The text between matches as words, the matches as code. */
function split(text: string, pattern: RegExp): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    pieces.push({ text: text.slice(at, match.index), isCode: false }, { text: match[1] ?? match[0], isCode: true });
    at = match.index! + match[0].length;
  }
  pieces.push({ text: text.slice(at), isCode: false });
  return pieces.filter((piece) => piece.text);
}
