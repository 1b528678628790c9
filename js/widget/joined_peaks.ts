import { Peaks } from "./peaks";

/** One column of several tables, as if they were one: a run that goes on from another one shows the other's rows before its own. */
export class JoinedPeaks {
  private joint = new Peaks(0);
  private taken: { part: Peaks; width: number; rows: number }[] = [];

  /** What is known of all of them. A single one is not copied. */
  join(columns: Peaks[]): Peaks | undefined {
    const parts = inTurn(columns);
    if (parts.length < 2) return parts[0];
    if (!this.goesOn(parts)) {
      this.joint = new Peaks(parts[0].layers);
      this.taken = [];
    }
    let row = 0;
    parts.forEach((part, i) => {
      this.append(part, row, this.taken[i]?.rows ?? 0);
      row += part.rows;
    });
    this.taken = parts.map((part) => ({ part, width: part.width, rows: part.rows }));
    return this.joint;
  }

  /** Whether nothing but rows at the very end has come since the last time. */
  private goesOn(parts: Peaks[]): boolean {
    const isHeld = (part: Peaks, i: number) => {
      const taken = this.taken[i];
      const isLast = i === parts.length - 1;
      return part === taken.part && part.width === taken.width && (isLast || part.rows === taken.rows);
    };
    return parts.length === this.taken.length && parts.every(isHeld);
  }

  /** Takes a part's buckets from that of row `known` on, for it may have become fuller. */
  private append(part: Peaks, row: number, known: number): void {
    if (known === part.rows) return;
    const first = Math.floor(known / part.width);
    const values = part.level(0).subarray(first * part.layers);
    this.joint.append(row + first * part.width, part.width, part.step.values.subarray(first), values);
    this.joint.end = part.end;
  }
}

/** In the order of their steps, up to the newest; one that does not fit before the others is left out. */
function inTurn(columns: Peaks[]): Peaks[] {
  const known = columns.filter(({ step }) => step.length).reverse();
  const parts: Peaks[] = [];
  for (const column of known.sort((a, b) => b.end - a.end)) {
    const [next] = parts;
    if (!next || (column.layers === next.layers && column.end < next.step.at(0))) parts.unshift(column);
  }
  return parts;
}
