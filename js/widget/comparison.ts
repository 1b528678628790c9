import "./comparison.css";
import { ShownSlider } from "./shown_slider";
import { SortableTable, type View } from "./sortable_table";

/*
 * What a comparison in a notebook can do where scripts run. The page has all of it without: plots, pictures and table. A comparison of runs that
 * go on is replaced by a newer one every few seconds; what the reader has chosen is kept for it.
 */

interface Choices extends View {
  /** Of the slider; undefined as long as it has not been moved. */
  step?: number;
  /** What has the focus, and where the cursor is in it. */
  focus?: string;
  cursor?: [number, number];
  scrolled: [number, number];
}

const kept: Map<string, Choices> = ((window as { trainbookComparisons?: Map<string, Choices> }).trainbookComparisons ??= new Map());

function enhance(element: HTMLElement): void {
  element.dataset.ready = "";
  element.setAttribute("data-lm-suppress-shortcuts", ""); // of JupyterLab, which takes keys for commands
  const key = element.dataset.key!;
  const choices = kept.get(key) ?? { filter: "", scrolled: [0, 0] };
  kept.set(key, choices);
  const shown = element.querySelector<HTMLElement>("[data-steps]");
  const table = element.querySelector("table")!;
  const box = table.parentElement!;
  const toolbar = document.createElement("div");
  toolbar.className = "toolbar";
  box.before(toolbar);
  if (shown) addSlider(shown, choices);
  new SortableTable(table, toolbar, choices, (rows) => shown && arrange(shown, rows));
  [box.scrollLeft, box.scrollTop] = choices.scrolled;
  box.addEventListener("scroll", () => {
    if (box.isConnected) choices.scrolled = [box.scrollLeft, box.scrollTop];
  });
  keepFocus(element, choices);
}

function addSlider(shown: HTMLElement, choices: Choices): void {
  const steps = JSON.parse(shown.dataset.steps!) as number[];
  const moved = (step: number) => {
    // At the end it stays at the end, whatever comes.
    choices.step = step === steps[steps.length - 1] ? undefined : step;
  };
  if (steps.length > 1) new ShownSlider(shown, steps, choices.step ?? Number(shown.dataset.step), moved);
}

/** Puts what runs have shown into the order of the rows of the table. */
function arrange(shown: HTMLElement, rows: HTMLTableRowElement[]): void {
  const places = new Map(rows.map(({ dataset }, i) => [dataset.run!, i]));
  const all = [...shown.querySelectorAll<HTMLElement>("[data-run]")];
  for (const one of all) one.hidden = !places.has(one.dataset.run!);
  const sorted = all.filter(({ hidden }) => !hidden).sort((a, b) => places.get(a.dataset.run!)! - places.get(b.dataset.run!)!);
  for (const one of sorted) one.parentElement!.append(one);
}

/** An element that is replaced loses the focus; the one in its place gets it back. */
function keepFocus(element: HTMLElement, choices: Choices): void {
  const controls = [...element.querySelectorAll<HTMLElement>("input, button")];
  const nameOf = (control: HTMLElement) => control.ariaLabel ?? control.title;
  const cursorOf = (control: HTMLElement): [number, number] | undefined =>
    control instanceof HTMLInputElement && control.type === "search" ? [control.selectionStart!, control.selectionEnd!] : undefined;
  const before = controls.find((control) => nameOf(control) === choices.focus);
  if (before && document.activeElement === document.body) {
    before.focus({ preventScroll: true });
    if (before instanceof HTMLInputElement && choices.cursor) before.setSelectionRange(...choices.cursor);
  }
  for (const control of controls) {
    const note = () => ([choices.focus, choices.cursor] = [nameOf(control), cursorOf(control)]);
    control.addEventListener("focus", note);
    control.addEventListener("keyup", note);
    control.addEventListener("click", note);
    control.addEventListener("blur", () =>
      setTimeout(() => {
        if (element.isConnected && choices.focus === nameOf(control)) choices.focus = undefined;
      }),
    );
  }
}

for (const element of document.querySelectorAll<HTMLElement>(".trainbook-comparison:not([data-ready])")) enhance(element);
