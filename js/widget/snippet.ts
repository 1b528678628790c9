import { adviceOf } from "./advice";
import { changeDetector } from "./changes";
import { copyText } from "./clipboard";
import { add, addButton, write } from "./dom";

/** What to change, in words, and below it the code to copy. */
export function addAdvice(parent: HTMLElement): (text: string) => void {
  const words = add(parent, "p", "advice");
  const box = add(parent, "div", "snippet");
  const lines = add(box, "pre");
  lines.tabIndex = 0; // a long line is scrolled by the arrow keys
  const code = add(lines, "code");
  const copy = addButton(box, "quiet", "copy", async () => write(copy, await copyText(code.textContent ?? "", "snippet.py")));
  copy.setAttribute("aria-live", "polite");
  const isOther = changeDetector();

  return (text) => {
    if (!isOther(text)) return;
    const { words: pieces, snippet } = adviceOf(text);
    words.replaceChildren();
    for (const piece of pieces) {
      if (piece.isCode) add(words, "code", "", piece.text);
      else words.append(piece.text);
    }
    words.hidden = !pieces.length;
    box.hidden = !snippet;
    write(code, snippet);
    write(copy, "copy");
  };
}
