export const LANE = 16; // px between lanes

/** How a line goes from a node to one further down: into the other lane at once if it parts, at the end if it joins. `rows` are px. */
export function linkPath(from: { lane: number; row: number }, to: { lane: number; row: number }, height: number): string {
  const x = (lane: number) => LANE / 2 + lane * LANE;
  const [x1, y1, x2, y2] = [x(from.lane), from.row, x(to.lane), to.row];
  if (x1 === x2) return `M${x1} ${y1}V${y2}`;
  if (x2 > x1) return `M${x1} ${y1}C${x1} ${y1 + height / 2} ${x2} ${y1 + height / 2} ${x2} ${y1 + height}V${y2}`;
  return `M${x1} ${y1}V${y2 - height}C${x1} ${y2 - height / 2} ${x2} ${y2 - height / 2} ${x2} ${y2}`;
}
