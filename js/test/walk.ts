import { cellText } from "../widget/cell_text";
import { Cells } from "../widget/cells";
import type { LayerMaxima } from "../widget/layer_maxima";
import { SIZES } from "../widget/layer_measure";

/** What a map of the whole run tells of a layer, from its left end to its right one. */
export function walk(maxima: LayerMaxima, layer: number, columns = 600): string[] {
  const cells = new Cells(maxima, [maxima.step.at(0) - 1, maxima.end], columns);
  const texts: string[] = [];
  let column = cells.lastColumn;
  for (let before = -1; column !== before; column = cells.next(column, -1)) {
    texts.unshift(cellText(cells, { column, layer }, { scale: SIZES, absent: "no gradient" }).join(", "));
    before = column;
  }
  return texts;
}
