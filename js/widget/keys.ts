const ATTRIBUTE = "data-lm-suppress-shortcuts";

/**
 * Keys pressed in the panel are the panel's. JupyterLab takes them for commands (`m` makes the cell Markdown, `x` cuts it), unless
 * the element that has the focus bears an attribute; elements around it are not asked.
 */
export function keepKeys(panel: HTMLElement): () => void {
  const set = (target: EventTarget | null, isKept: boolean) => {
    if (target instanceof Element && panel.contains(target)) target.toggleAttribute(ATTRIBUTE, isKept);
  };
  const focus = ({ target }: FocusEvent) => set(target, true);
  const press = (event: KeyboardEvent) => set(event.target, !isForNotebook(event));
  panel.addEventListener("focusin", focus);
  // JupyterLab listens on the document; this is before it.
  window.addEventListener("keydown", press, true);
  return () => window.removeEventListener("keydown", press, true);
}

/** To save the notebook, and to run the next cell after a click on a button: there the key would press the button again. */
function isForNotebook({ key, target, shiftKey, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  if (key === "s") return (ctrlKey || metaKey) && !shiftKey && !altKey;
  if (key !== "Enter" || !(shiftKey || ctrlKey || metaKey || altKey)) return false;
  return (target as Element).matches("button:not(:focus-visible)");
}
