import type { Render } from "@anywidget/types";
import { controls } from "./controls";
import { add, write, type Part } from "./dom";
import { footer } from "./footer";
import { header } from "./header";
import { Link } from "./link";
import { commands } from "./log";
import { lossPlot } from "./loss_plot";
import "./panel.css";
import { progress } from "./progress";
import type { Traits } from "./protocol";
import { Store } from "./store";
import { followTheme } from "./theme";

const PARTS: Record<string, Part> = { header, progress, controls, loss: lossPlot, commands, footer };

const render: Render<Traits> = ({ model, el }) => {
  const store = new Store(model.get("run_id"), model.get("run_name"));
  const panel = addPanel(el, store);
  const link = new Link(model, store);
  const parts = model.get("parts").filter((name) => name in PARTS);
  const cleanups = [
    followTheme(panel, () => store.touch()),
    hidePicture(store),
    ...parts.map((name) => PARTS[name](panel, store, link)),
    () => link.dispose(),
    () => store.dispose(),
    () => panel.remove(),
  ];
  return () => cleanups.forEach((cleanup) => cleanup());
};

function addPanel(el: HTMLElement, { runId, runName }: Store): HTMLElement {
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
