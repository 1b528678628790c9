import type { Render } from "@anywidget/types";
import { add } from "../widget/dom";
import { Faults } from "../widget/faults";
import { keepKeys } from "../widget/keys";
import { hideSaved } from "../widget/pictures";
import { followTheme } from "../widget/theme";
import { followZoom } from "../widget/zoom";
import "../widget/base.css";
import { beforeAfter } from "./before_after";
import { cleaningLog } from "./cleaning_log";
import "./data.css";
import { featureDiff } from "./feature_diff";
import { type Frame, Panel, type View } from "./frame";
import { type DataTraits, Kernel } from "./kernel";
import { lineageGraph } from "./lineage_graph";
import { missingMatrix } from "./missing_matrix";
import { outlierExplorer } from "./outlier_explorer";
import type { Shown } from "./protocol";

/** Each view takes what its own kind of widget shows. */
const VIEWS: Record<string, (frame: Frame) => View<never>> = {
  missing_matrix: missingMatrix,
  outlier_explorer: outlierExplorer,
  cleaning_log: cleaningLog,
  before_after: beforeAfter,
  lineage_graph: lineageGraph,
  feature_diff: featureDiff,
};

const render: Render<DataTraits> = ({ model, el }) => {
  const element = add(el, "div", "trainbook-panel trainbook-data");
  element.dataset.view = model.get("view");
  element.setAttribute("role", "region");
  const faults = new Faults(element, "The data are not affected.");
  const kernel = new Kernel(model);
  const panel = new Panel(element, kernel, faults);
  let view: View<Shown> | undefined; // none if it can't be built, as one of another version
  faults.attempt("view", () => {
    view = VIEWS[model.get("view")](panel.frame) as View<Shown>;
  });
  const show = () => panel.show(view, model.get("shown"));
  const redraw = () => faults.attempt("view", () => view?.redraw());
  model.on("change:shown", show);
  show();
  const resized = new ResizeObserver(redraw);
  resized.observe(element);
  const cleanups = [
    followTheme(element, redraw),
    followZoom(redraw),
    keepKeys(element),
    hideSaved(model.get("summary_id")),
    () => resized.disconnect(),
    () => model.off("change:shown", show),
    () => kernel.dispose(),
    () => element.remove(),
  ];
  return () => cleanups.forEach((cleanup) => cleanup());
};

export default { render };
