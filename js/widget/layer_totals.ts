import { add, setNumber } from "./dom";
import { brief } from "./format";
import { shorten } from "./layer_names";
import { optimizerColor, optimizersOf } from "./optimizers";
import type { Table } from "./table";
import { TotalNorm } from "./total_norm";

const NAME = 20; // characters
const TOTAL = /^total(\/|$)/; // of several optimizers, their names stand behind it

/** The norm of all gradients together, of each optimizer. */
export class Totals {
  curves: TotalNorm[] = [];
  private colors: string[] = [];

  take(tables: Table[], all: Iterable<Table>): void {
    const names = new Set(tables.flatMap(({ columns }) => [...columns.keys()].filter((name) => TOTAL.test(name))));
    this.curves = [...names].map((name) => this.curves.find((known) => known.name === name) ?? new TotalNorm(name));
    for (const curve of this.curves) curve.take(tables);
    const optimizers = optimizersOf(all);
    this.colors = this.curves.map((curve) => optimizerColor(optimizerOf(curve), optimizers));
  }

  colorOf(i: number): string {
    return this.colors[i];
  }

  /** Writes the latest values, of several optimizers each with its name; returns what they are in words. */
  write(value: HTMLElement): string {
    const { curves } = this;
    const isBad = curves.some(({ value: { last } }) => last !== undefined && !Number.isFinite(last));
    if (curves.length === 1) {
      setNumber(value, lastText(curves[0]), isBad);
      return lastText(curves[0]);
    }
    const shown = curves.map((curve) => `${shorten(optimizerOf(curve), NAME)} ${lastText(curve)}`);
    if (value.textContent !== shown.join("")) {
      value.replaceChildren();
      shown.forEach((text, i) => add(value, "span", "series", text).style.setProperty("--c", `var(${this.colors[i]})`));
    }
    value.classList.toggle("bad", isBad);
    return curves.map((curve) => `${optimizerOf(curve)} ${lastText(curve)}`).join(", ");
  }
}

const optimizerOf = ({ name }: TotalNorm): string => name.replace(TOTAL, "");
const lastText = ({ value: { last } }: TotalNorm): string => (last === undefined ? "no gradient" : brief(last));
