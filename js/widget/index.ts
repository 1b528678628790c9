import type { Render } from "@anywidget/types";
import { controls } from "./controls";
import { add, write, type Part } from "./dom";
import { earlyStop } from "./early_stop";
import { Faults } from "./faults";
import { footer } from "./footer";
import { gradients } from "./gradients";
import { header } from "./header";
import { Link } from "./link";
import { commands } from "./log";
import { lossPlot } from "./loss_plot";
import "./panel.css";
import { progress } from "./progress";
import type { Traits } from "./protocol";
import { Store } from "./store";
import { followTheme } from "./theme";

const PARTS: Record<string, Part> = {
  header, progress, controls, early_stop: earlyStop, loss: lossPlot, gradients, commands, footer,
};
const PLOTS = ["loss", "gradients"];

const render: Render<Traits> = ({ model, el }) => {
  const panel = addPanel(el, model.get("run_id"), model.get("run_name"));
  const store = new Store(model.get("run_id"), model.get("run_name"), new Faults(panel));
  const link = new Link(model, store);
  const parts = model.get("parts").filter((name) => name in PARTS);
  const nameLayers = () => store.nameLayers(model.get("layers"));
  nameLayers();
  model.on("change:layers", nameLayers);
  const cleanups = [
    followTheme(panel, () => store.touch()),
    hidePicture(store),
    ...addParts(parts, panel, store, link),
    () => model.off("change:layers", nameLayers),
    () => link.dispose(),
    () => store.dispose(),
    () => panel.remove(),
  ];
  return () => cleanups.forEach((cleanup) => cleanup());
};

/** Plots stand beside each other, if there are several. */
function addParts(names: string[], panel: HTMLElement, store: Store, link: Link): (() => void)[] {
  const areBeside = PLOTS.every((name) => names.includes(name));
  let plots: HTMLElement | undefined;
  return names.map((name) => {
    const isBeside = areBeside && PLOTS.includes(name);
    const place = isBeside ? (plots ??= add(panel, "div", "plots")) : panel;
    let cleanup = () => {};
    store.faults.attempt(name, () => (cleanup = PARTS[name](place, store, link)));
    return cleanup;
  });
}

function addPanel(el: HTMLElement, runId: string, runName: string): HTMLElement {
  const panel = add(el, "div", "trainbook-panel");
  panel.setAttribute("role", "region");
  panel.setAttribute("aria-label", `Training ${runName}`);
  panel.dataset.run = runId;
  // JupyterLab takes Enter and the arrow keys for its cells. Who came by keyboard needs them here; who came
  // by mouse expects Shift+Enter to run the next cell.
  panel.addEventListener("focusin", ({ target }) => {
    panel.toggleAttribute("data-lm-suppress-shortcuts", (target as Element).matches(":focus-visible"));
  });
  return panel;
}

/** A saved notebook shows a picture of the run beside the panel; once this view has something to show, one is enough. */
function hidePicture(store: Store): () => void {
  const picture = `.trainbook-picture[data-run="${CSS.escape(store.runId)}"]`;
  const style = add(document.head, "style");
  // Two rules: a browser without :has() would throw a joint one away.
  const rules = `${picture}{display:none} .jp-OutputArea-child:has(${picture}){display:none}`;
  const unlisten = store.listen(() => write(style, store.state ? rules : ""));
  return () => {
    unlisten();
    style.remove();
  };
}

export default { render };
