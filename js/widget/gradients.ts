import { nameOf } from "./finding_log";
import { type Measure, SIZES } from "./layer_measure";
import { type Kind, LayerView } from "./layer_view";
import type { Part } from "./part";
import type { Store } from "./store";

const size = { scale: SIZES, absent: "no gradient" };
const MEASURES: Measure[] = [
  {
    ...size,
    column: "norm",
    title: "Gradient norm",
    button: "gradient",
    says: "The size (norm) of each layer’s gradient, as it is applied.",
  },
  {
    ...size,
    column: "update_ratio",
    title: "Update ratio",
    button: "update",
    says: "The share of a layer’s weights that a step moves: about 1e-3 as a rule.",
  },
  { ...size, column: "parameter_norm", title: "Weight norm", button: "weight", says: "The size (norm) of each layer’s weights." },
  {
    ...size,
    column: "total",
    title: "Total gradient norm",
    button: "total",
    says: "The size (norm) of all gradients together, as they are applied.",
    isTotal: true,
  },
];

const GRADIENTS: Kind = {
  name: "gradients",
  stream: "gradients",
  measures: MEASURES,
  waiting: "Waiting for the first gradients",
  names: ({ layers }) => layers,
  isExpected: ({ state }) => (state?.gradients_every ?? null) !== null,
  finding: notFinite,
  period: ({ state, eventLog }) => {
    const every = state?.gradients_every ?? 1;
    return [every > 1 ? `every ${every} steps` : "", eventLog.budget?.sentence ?? ""];
  },
};

export const gradients: Part = (parent, store) => new LayerView(parent, store, GRADIENTS).dispose;

/** Of gradients that are not finite, the first ones that were found. */
function notFinite({ layers, eventLog }: Store): string {
  const found = eventLog.findings.all.find(({ kind, where, holds }) => holds && kind === "nan_loss" && layers.includes(where));
  return found ? `${nameOf(found)}, since step ${found.since}` : (eventLog.badGradient?.sentence ?? "");
}
