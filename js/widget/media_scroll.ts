import { setAttribute } from "./dom";

/** Marks on which sides of a row there is more than is seen, for the style sheet to show it. */
export function hintAtMore(row: HTMLElement): () => void {
  const hint = () => {
    const hidden = row.scrollWidth - row.clientWidth;
    setAttribute(row, "data-before", hidden > 1 && row.scrollLeft > 1);
    setAttribute(row, "data-after", hidden > 1 && row.scrollLeft < hidden - 1);
  };
  const resized = new ResizeObserver(hint);
  const grown = new MutationObserver(hint);
  resized.observe(row);
  grown.observe(row, { childList: true, subtree: true, attributes: true, attributeFilter: ["hidden", "class"] });
  row.addEventListener("scroll", hint, { passive: true });
  return () => {
    resized.disconnect();
    grown.disconnect();
    row.removeEventListener("scroll", hint);
  };
}
