import type { AnyModel, Render } from "@anywidget/types";
import { add } from "../widget/dom";
import { Faults } from "../widget/faults";
import { keepKeys } from "../widget/keys";
import { hideSaved } from "../widget/pictures";
import { followTheme } from "../widget/theme";
import { followZoom } from "../widget/zoom";
import "../widget/base.css";
import { type Frame, Panel, type View } from "./frame";
import "./frame.css";
import { type DataTraits, Kernel } from "./kernel";
import type { Shown } from "./protocol";

/** By name: each view takes what its own kind of widget shows. */
export type Views = Record<string, (frame: Frame) => View<never>>;

/** What a bundle exports: a widget that is one of its views. */
export function widgetOf(views: Views): { render: Render<DataTraits> } {
  return { render: ({ model, el }) => render(views, model, el) };
}

function render(views: Views, model: AnyModel<DataTraits>, el: HTMLElement): () => void {
  const element = add(el, "div", "trainbook-panel trainbook-data");
  element.dataset.view = model.get("view");
  element.setAttribute("role", "region");
  const faults = new Faults(element, "Only what is shown here is affected.");
  const kernel = new Kernel(model);
  const panel = new Panel(element, kernel, faults);
  let view: View<Shown> | undefined; // none if it can't be built, as one of another version
  faults.attempt("view", () => {
    view = views[model.get("view")](panel.frame) as View<Shown>;
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
}
