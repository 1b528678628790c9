import { type Measure, SHARES, SIZES } from "./layer_measure";
import { type Kind, LayerView } from "./layer_view";
import type { Part } from "./part";

const absent = "not measured";
const MEASURES: Measure[] = [
  {
    column: "std",
    title: "Spread of activations",
    button: "std",
    says: "How far the outputs of a layer scatter (standard deviation).",
    scale: SIZES,
    absent,
  },
  {
    column: "mean",
    title: "Mean of activations",
    button: "mean",
    says: "How far the mean of a layer’s outputs is from 0.",
    scale: SIZES,
    absent,
  },
  {
    column: "dead",
    title: "Dead units",
    button: "dead",
    says: "The share of a layer’s units that are 0 for every sample of a batch.",
    scale: SHARES,
    absent,
  },
  {
    column: "saturated",
    title: "Saturated outputs",
    button: "saturated",
    says: "The share of a layer’s outputs at the flat ends of its function.",
    scale: SHARES,
    absent,
  },
];

const ACTIVATIONS: Kind = {
  name: "activations",
  stream: "activations",
  measures: MEASURES,
  waiting: "Waiting for the first activations",
  names: ({ state }) => state?.activations ?? [],
  isExpected: ({ state }) => (state?.activations ?? []).length > 0,
};

export const activations: Part = (parent, store) => new LayerView(parent, store, ACTIVATIONS).dispose;
