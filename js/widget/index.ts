import type { Render } from "@anywidget/types";
import { activations } from "./activations";
import { commands } from "./command_list";
import { controls } from "./controls";
import { add } from "./dom";
import { earlyStop } from "./early_stop";
import { Faults } from "./faults";
import { findings } from "./findings";
import { footer } from "./footer";
import { gradients } from "./gradients";
import { header } from "./header";
import { keepKeys } from "./keys";
import { Link } from "./link";
import { metricPlots } from "./metric_plots";
import "./panel.css";
import { media } from "./media";
import type { Part } from "./part";
import { hasPicture, hidePicture } from "./pictures";
import { progress } from "./progress";
import type { PartName, Traits } from "./protocol";
import { Store } from "./store";
import { followTheme } from "./theme";
import { followZoom } from "./zoom";

const PARTS: Record<PartName, Part> = {
  header,
  progress,
  controls,
  early_stop: earlyStop,
  metrics: metricPlots,
  gradients,
  activations,
  findings,
  media,
  commands,
  footer,
};
const PLOTS: PartName[] = ["metrics", "gradients", "activations"];

const render: Render<Traits> = ({ model, el }) => {
  const panel = addPanel(el, model.get("run_id"), model.get("run_name"));
  const store = new Store(model.get("run_id"), model.get("run_name"), new Faults(panel));
  store.plots = model.get("plots") ?? []; // a notebook of another version may have none
  const link = new Link(model, store);
  const parts = model.get("parts").filter((name): name is PartName => name in PARTS); // another version may have further ones
  const nameLayers = () => store.nameLayers(model.get("layers"));
  nameLayers();
  model.on("change:layers", nameLayers);
  const cleanups = [
    followTheme(panel, () => store.touch()),
    followZoom(() => store.touch()),
    keepKeys(panel),
    hidePicture(store),
    hideWhileEmpty(panel, store),
    ...addParts(parts, panel, store, link),
    () => model.off("change:layers", nameLayers),
    () => link.dispose(),
    () => store.dispose(),
    () => panel.remove(),
  ];
  return () => cleanups.forEach((cleanup) => cleanup());
};

/** The metrics and the layers are in one row, if the panel has both and is wide enough. */
function addParts(names: PartName[], panel: HTMLElement, store: Store, link: Link): (() => void)[] {
  const areBeside = PLOTS.filter((name) => names.includes(name)).length > 1 && names.includes("metrics");
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
  return panel;
}

/** A view that knows nothing, as one that was saved and has no kernel, leaves its place to the picture, if there is one. */
const hideWhileEmpty = (panel: HTMLElement, store: Store): (() => void) =>
  store.listen(() => (panel.hidden = !store.state && hasPicture(store.runId)));

export default { render };
