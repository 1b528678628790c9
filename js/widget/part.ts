import type { Link } from "./link";
import type { Store } from "./store";

/** A part of the panel: adds its elements and listeners, and returns a function that removes them. */
export type Part = (panel: HTMLElement, store: Store, link: Link) => () => void;
