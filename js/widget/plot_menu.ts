import type { Plot } from "./arrangement";
import type { KindChoice } from "./choices";
import { oneLine } from "./format";
import { type Item, Menu } from "./menu";

/** What can be done with a plot. */
export interface PlotActions {
  enlarge(plot: Plot): void;
  /** Puts it before the others, or no longer. */
  pin(plot: Plot): void;
  isPinned(plot: Plot): boolean;
  hide(plot: Plot): void;
  toggleLog(plot: Plot): void;
  isLog(plot: Plot): boolean;
  show(plot: Plot, as: KindChoice): void;
  /** Metrics that it can be drawn against. */
  others(plot: Plot): string[];
}

/** A menu of what can be done with a plot. */
export const addPlotMenu = (parent: HTMLElement, actions: PlotActions, plot: () => Plot | undefined, isLarge: boolean): Menu =>
  new Menu(parent, "⋯", () => {
    const shown = plot();
    return shown ? itemsOf(shown, actions, isLarge) : [];
  });

function itemsOf(plot: Plot, actions: PlotActions, isLarge: boolean): Item[] {
  const small: Item[] = [
    { label: "Enlarge", choose: () => actions.enlarge(plot) },
    { label: "Pin in front", isOn: actions.isPinned(plot), choose: () => actions.pin(plot) },
  ];
  return [
    ...(isLarge ? [] : small),
    { label: "Log scale", isOn: actions.isLog(plot), choose: () => actions.toggleLog(plot) },
    { label: "Lines", ...kind(plot, { kind: "line" }, actions) },
    { label: "Histogram", ...kind(plot, { kind: "histogram" }, actions) },
    ...scatterItem(plot, actions),
    { label: "Hide", choose: () => actions.hide(plot) },
  ];
}

function scatterItem(plot: Plot, actions: PlotActions): Item[] {
  const names = actions.others(plot);
  const items = names.map((x) => ({ label: oneLine(x), ...kind(plot, { kind: "scatter", x }, actions) }));
  return items.length ? [{ label: "Scatter against", isOn: plot.kind === "scatter", isOneOf: true, items }] : [];
}

const kind = (plot: Plot, as: KindChoice, actions: PlotActions): Omit<Item, "label"> => ({
  isOn: plot.kind === as.kind && (as.kind !== "scatter" || plot.x === as.x),
  isOneOf: true,
  choose: () => actions.show(plot, as),
});
