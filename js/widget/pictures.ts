import type { Store } from "./store";

/** The runs whose panels have something to show, each with the number of these panels. Every widget has a module of its own: they share it by the page. */
interface Shown {
  panels: Map<string, number>;
  style: HTMLStyleElement;
}

const PAGE = window as unknown as { trainbookShown?: Shown };

/** Hides the picture of the run, which a saved notebook shows, as long as this view has something to show. */
export function hidePicture(store: Store): () => void {
  let isShown = false;
  const show = (wanted: boolean) => {
    if (wanted !== isShown) count(store.runId, wanted ? 1 : -1);
    isShown = wanted;
  };
  const unlisten = store.listen(() => show(store.state !== null));
  return () => {
    unlisten();
    show(false);
  };
}

/** Hides what a saved notebook shows in the place of a view, till the function that is returned is called. */
export function hideSaved(id: string): () => void {
  count(id, 1);
  return () => count(id, -1);
}

/** Whether the page has a picture of a run. */
export const hasPicture = (runId: string): boolean => document.querySelector(`.trainbook-picture${ofRun(runId)}`) !== null;

function count(runId: string, more: number): void {
  const shown = (PAGE.trainbookShown ??= { panels: new Map(), style: document.createElement("style") });
  const now = (shown.panels.get(runId) ?? 0) + more;
  if (now > 0) shown.panels.set(runId, now);
  else shown.panels.delete(runId);
  document.head.append(shown.style);
  shown.style.textContent = rules([...shown.panels.keys()]);
}

/**
 * An output is hidden with its prompt if it holds no other picture. Only the output itself: around it may be another one, of
 * an Output widget among other widgets. A browser without :has() ignores the rule that contains it.
 */
function rules(runIds: string[]): string {
  if (!runIds.length) return "";
  const shown = runIds.map(ofRun).join();
  const picture = "> .jp-OutputArea-output > .trainbook-picture";
  const output = `.jp-OutputArea-child:has(${picture}:is(${shown})):not(:has(${picture}:not(${shown})))`;
  return `.trainbook-picture:is(${shown}){display:none} ${output}{display:none}`;
}

const ofRun = (runId: string): string => `[data-run="${CSS.escape(runId)}"]`;
