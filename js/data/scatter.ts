import { type Axis, valueAxis } from "../widget/axes";
import { add } from "../widget/dom";
import { color } from "../widget/theme";
import { spreadOf } from "./spread";

const LEFT = 44; // px for the labels of the y axis
const BOTTOM = 20;
const TOP = 8;
const RIGHT = 10;
const NEAR = 14; // px within which a click means a point
const HEIGHT = 320;

export interface Points {
  x: Float64Array;
  y: Float64Array;
  /** How odd each is, 0 to 1. */
  scores: Float32Array;
  /** What was decided of some, by their places. */
  decided: Map<number, string>;
}

/** Points on a canvas: the odder, the larger and bluer. Those beyond the edge are triangles there. */
export class Scatter {
  readonly box: HTMLElement;
  private canvas: HTMLCanvasElement;
  private points: Points | undefined;
  private selected = -1;
  private axes!: [Axis, Axis];

  constructor(parent: HTMLElement, choose: (place: number) => void) {
    this.box = add(parent, "div", "scatter");
    this.canvas = add(this.box, "canvas");
    this.canvas.setAttribute("aria-hidden", "true");
    this.box.addEventListener("click", ({ clientX, clientY }) => {
      const { left, top } = this.canvas.getBoundingClientRect();
      const place = this.nearest(clientX - left, clientY - top);
      if (place >= 0) choose(place);
    });
  }

  show(points: Points): void {
    this.points = points;
    this.axes = [points.x, points.y].map((values) => valueAxis(...spreadOf(values), false)) as [Axis, Axis];
    this.draw();
  }

  select(place: number): void {
    this.selected = place;
    this.draw();
  }

  /** How many points lie beyond the edges. */
  get beyond(): number {
    const { points } = this;
    if (!points) return 0;
    return points.x.reduce((sum, _, place) => sum + Number(this.isBeyond(place)), 0);
  }

  draw(): void {
    const { points, canvas, selected } = this;
    if (!points || !this.box.clientWidth) return;
    const scale = devicePixelRatio;
    [canvas.width, canvas.height] = [this.box.clientWidth * scale, HEIGHT * scale];
    canvas.style.height = `${HEIGHT}px`;
    const context = canvas.getContext("2d")!;
    context.scale(scale, scale);
    this.drawAxes(context);
    const [quiet, odd] = [color(this.box, "--quiet-point"), color(this.box, "--train")];
    for (const place of Int32Array.from(points.scores, (_, i) => i).sort((a, b) => points.scores[a] - points.scores[b])) {
      const isOdd = points.scores[place] > ODD;
      context.fillStyle = isOdd ? odd : quiet;
      context.globalAlpha = isOdd ? 0.9 : 0.6;
      this.mark(context, place, radius(points.scores[place]));
      context.fill();
      context.globalAlpha = 1;
      if (points.decided.has(place)) this.ring(context, place, color(this.box, "--good"), 1.5, 3);
    }
    if (selected >= 0) this.ring(context, selected, color(this.box, "--ink"), 2, 5);
  }

  private ring(context: CanvasRenderingContext2D, place: number, stroke: string, width: number, room: number): void {
    const [x, y] = this.at(place);
    context.strokeStyle = stroke;
    context.lineWidth = width;
    context.beginPath();
    context.arc(x, y, radius(this.points!.scores[place]) + room, 0, 2 * Math.PI);
    context.stroke();
  }

  /** A dot, or at the edge a triangle that points to where it is. */
  private mark(context: CanvasRenderingContext2D, place: number, size: number): void {
    const [x, y] = this.at(place);
    context.beginPath();
    if (!this.isBeyond(place)) {
      context.arc(x, y, size, 0, 2 * Math.PI);
      return;
    }
    const [dx, dy] = this.beyondBy(place);
    const angle = Math.atan2(-dy, dx);
    for (const turn of [0, 2.4, -2.4]) context.lineTo(x + (size + 1) * Math.cos(angle + turn), y + (size + 1) * Math.sin(angle + turn));
    context.closePath();
  }

  private beyondBy(place: number): [number, number] {
    const { x, y } = this.points!;
    return [side(x[place], this.axes[0]), side(y[place], this.axes[1])];
  }

  private isBeyond(place: number): boolean {
    return this.beyondBy(place).some((by) => by !== 0);
  }

  private at(place: number): [x: number, y: number] {
    const { x, y } = this.points!;
    const [across, up] = [shareOf(x[place], this.axes[0]), shareOf(y[place], this.axes[1])];
    return [LEFT + across * (this.box.clientWidth - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - BOTTOM - TOP)];
  }

  private nearest(left: number, top: number): number {
    let [best, distance] = [-1, NEAR];
    this.points?.x.forEach((_, place) => {
      const [x, y] = this.at(place);
      const far = Math.hypot(x - left, y - top);
      if (far < distance) [best, distance] = [place, far];
    });
    return best;
  }

  private drawAxes(context: CanvasRenderingContext2D): void {
    const { clientWidth: width } = this.box;
    const [across, up] = this.axes;
    context.font = "11px ui-monospace, Menlo, Consolas, monospace";
    context.fillStyle = color(this.box, "--soft");
    context.strokeStyle = color(this.box, "--line");
    context.lineWidth = 1;
    up.ticks.forEach((tick, i) => {
      const y = Math.round(HEIGHT - BOTTOM - shareOf(tick, up) * (HEIGHT - BOTTOM - TOP)) + 0.5;
      context.beginPath();
      context.moveTo(LEFT, y);
      context.lineTo(width - RIGHT, y);
      context.stroke();
      context.textAlign = "right";
      context.fillText(up.labels[i], LEFT - 6, y + 3.5);
    });
    across.ticks.forEach((tick, i) => {
      context.textAlign = "center";
      context.fillText(across.labels[i], LEFT + shareOf(tick, across) * (width - LEFT - RIGHT), HEIGHT - 5);
    });
  }
}

const ODD = 0.95;

/** px */
const radius = (score: number): number => (score > ODD ? 3.5 + 40 * (score - ODD) : 2.5);

const side = (value: number, { min, max }: Axis): number => (value < min ? -1 : value > max ? 1 : 0);

const shareOf = (value: number, { min, max }: Axis): number => Math.min(1, Math.max(0, (value - min) / (max - min)));
