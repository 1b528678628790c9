import { LayerMaxima } from "./layer_maxima";

/** One column of several tables, joined: a run that goes on from another one shows the other's rows before its own. */
export class JoinedLayerMaxima {
  private joined = new LayerMaxima(0);
  private taken: { part: LayerMaxima; width: number; rows: number }[] = [];

  /** The joined column, or the column itself if there is only one. */
  join(columns: LayerMaxima[]): LayerMaxima | undefined {
    const parts = inOrder(columns);
    if (parts.length < 2) return parts[0];
    if (!this.isContinued(parts)) {
      this.joined = new LayerMaxima(parts[0].layers);
      this.taken = [];
    }
    let row = 0;
    parts.forEach((part, i) => {
      this.append(part, row, this.taken[i]?.rows ?? 0);
      row += part.rows;
    });
    this.taken = parts.map((part) => ({ part, width: part.width, rows: part.rows }));
    return this.joined;
  }

  /** Whether only the last part has got rows since the last call. */
  private isContinued(parts: LayerMaxima[]): boolean {
    const isHeld = (part: LayerMaxima, i: number) => {
      const taken = this.taken[i];
      const isLast = i === parts.length - 1;
      return part === taken.part && part.width === taken.width && (isLast || part.rows === taken.rows);
    };
    return parts.length === this.taken.length && parts.every(isHeld);
  }

  /** Takes the buckets of a part from that of row `known` on, which may have got more rows. */
  private append(part: LayerMaxima, row: number, known: number): void {
    if (known === part.rows) return;
    const first = Math.floor(known / part.width);
    const values = part.level(0).subarray(first * part.layers);
    this.joined.append(row + first * part.width, part.width, part.step.values.subarray(first), values);
    this.joined.end = part.end;
  }
}

/** Sorted by their steps; a column that overlaps a newer one, or has other layers, is left out. */
function inOrder(columns: LayerMaxima[]): LayerMaxima[] {
  const known = columns.filter(({ step }) => step.length).reverse();
  const parts: LayerMaxima[] = [];
  for (const column of known.sort((a, b) => b.end - a.end)) {
    const [next] = parts;
    if (!next || (column.layers === next.layers && column.end < next.step.at(0))) parts.unshift(column);
  }
  return parts;
}
