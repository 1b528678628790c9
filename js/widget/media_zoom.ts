import type { Zoom } from "./media_view";

const MOST = 64;
const FACTORS: Record<string, number> = { "+": 2, "=": 2, "-": 0.5 };
const WAYS: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export const whole = (): Zoom => ({ factor: 1, x: 0.5, y: 0.5 });

/** A picture as large as its place at least, and its middle within it. */
export function magnified({ factor, x, y }: Zoom, by: number): Zoom {
  const next = Math.min(MOST, Math.max(1, factor * by));
  return next === 1 ? whole() : { factor: next, x, y };
}

/** Moved by shares of what is seen. */
export function moved({ factor, x, y }: Zoom, right: number, down: number): Zoom {
  const inside = (value: number) => Math.min(1, Math.max(0, value));
  return factor === 1 ? whole() : { factor, x: inside(x + right / factor), y: inside(y + down / factor) };
}

/** Zoom by keys, by dragging, and by the wheel with Ctrl or Cmd; a wheel without keys scrolls the page. */
export function followZoomGestures(box: HTMLElement, now: () => Zoom, change: (zoom: Zoom) => void): void {
  box.addEventListener("keydown", (event) => {
    if (event.target !== box || event.ctrlKey || event.metaKey || event.altKey) return;
    const way = WAYS[event.key];
    if (event.key === "0") change(whole());
    else if (event.key in FACTORS) change(magnified(now(), FACTORS[event.key]));
    else if (way && now().factor > 1) change(moved(now(), way[0] / 8, way[1] / 8));
    else return;
    event.preventDefault();
  });
  box.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      change(magnified(now(), Math.exp(-event.deltaY / 200)));
    },
    { passive: false },
  );
  box.addEventListener("dblclick", () => change(whole()));
  box.addEventListener("pointerdown", (event) => {
    if (event.button || now().factor === 1 || !(event.target instanceof SVGElement)) return;
    box.setPointerCapture(event.pointerId);
    const seen = (event.target.closest("svg") ?? box).getBoundingClientRect();
    let { clientX, clientY } = event;
    const move = (next: PointerEvent) => {
      change(moved(now(), (clientX - next.clientX) / seen.width, (clientY - next.clientY) / seen.height));
      ({ clientX, clientY } = next);
    };
    box.addEventListener("pointermove", move);
    box.addEventListener("lostpointercapture", () => box.removeEventListener("pointermove", move), { once: true });
  });
}
