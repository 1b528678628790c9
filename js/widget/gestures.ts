import { add } from "./dom";
import type { Viewport } from "./viewport";

const CLICK = 5; // px that a hand moves without meaning to drag
const LINE = 16; // px
const KEYS: Record<string, number> = { "+": 0.5, "=": 0.5, "-": 2 };

/**
 * Zooming and panning a plot: drag to zoom, shift-drag or wheel sideways to pan, Ctrl or Cmd and wheel to zoom, double
 * click to see all again. A plain wheel goes on scrolling the page. `area` is what spans the steps in view.
 */
export function followGestures(box: HTMLElement, area: () => HTMLElement | undefined, viewport: Viewport): () => void {
  const at = (clientX: number): number => {
    const { left, width } = area()!.getBoundingClientRect();
    const [from, to] = viewport.span;
    return from + ((to - from) * (clientX - left)) / width;
  };
  const holds = ({ target }: MouseEvent) => area()?.contains(target as Node) ?? false;
  let drop = () => {};

  const press = (event: PointerEvent) => {
    if (event.button || event.pointerType === "touch" || !holds(event)) return;
    drop();
    drop = event.shiftKey ? grab(event, viewport, at) : mark(event, area()!, viewport, at);
  };
  const wheel = (event: WheelEvent) => {
    if (!holds(event)) return;
    const unit = event.deltaMode ? LINE : 1;
    if (event.ctrlKey || event.metaKey) viewport.magnify(Math.exp((event.deltaY * unit) / 300), at(event.clientX));
    else if (viewport.zoom && Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      viewport.pan(at(event.deltaX * unit) - at(0));
    } else return;
    event.preventDefault();
  };
  const doubleClick = (event: MouseEvent) => {
    if (holds(event)) viewport.reset();
  };
  const key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const [from, to] = viewport.span;
    if (event.key === "0") viewport.reset();
    else if (event.key in KEYS) viewport.magnify(KEYS[event.key], (from + to) / 2);
    else return;
    event.preventDefault();
  };

  box.addEventListener("pointerdown", press);
  box.addEventListener("wheel", wheel, { passive: false });
  box.addEventListener("dblclick", doubleClick);
  box.addEventListener("keydown", key);
  return () => {
    drop();
    box.removeEventListener("pointerdown", press);
    box.removeEventListener("wheel", wheel);
    box.removeEventListener("dblclick", doubleClick);
    box.removeEventListener("keydown", key);
  };
}

type At = (clientX: number) => number;

/** Moves the steps with the pointer. */
function grab(start: PointerEvent, viewport: Viewport, at: At): () => void {
  let held = at(start.clientX);
  return drag(start, ({ clientX }) => {
    viewport.pan(held - at(clientX));
    held = at(clientX);
  });
}

/** Zooms to the steps that the pointer passes over. */
function mark(start: PointerEvent, area: HTMLElement, viewport: Viewport, at: At): () => void {
  const band = add(area, "div", "selection");
  const { left, width } = area.getBoundingClientRect();
  const inside = (clientX: number) => Math.min(left + width, Math.max(left, clientX));
  const show = ({ clientX }: PointerEvent) => {
    const [a, b] = [start.clientX, inside(clientX)].sort((p, q) => p - q);
    band.style.left = `${a - left}px`;
    band.style.width = `${b - a}px`;
  };
  const zoom = ({ clientX }: PointerEvent) => {
    const [a, b] = [at(start.clientX), at(inside(clientX))].sort((p, q) => p - q);
    viewport.zoomTo(a, b);
  };
  return drag(start, show, zoom, () => band.remove());
}

function drag(
  start: PointerEvent, move: (event: PointerEvent) => void, done: (event: PointerEvent) => void = () => {}, end = () => {},
): () => void {
  let moved = false;
  const follow = (event: PointerEvent) => {
    moved ||= Math.abs(event.clientX - start.clientX) > CLICK;
    if (moved) move(event);
  };
  const release = (event: PointerEvent) => {
    if (moved) {
      done(event);
      swallowClick();
    }
    drop();
  };
  const drop = () => {
    window.removeEventListener("pointermove", follow);
    window.removeEventListener("pointerup", release);
    window.removeEventListener("pointercancel", drop);
    end();
  };
  window.addEventListener("pointermove", follow);
  window.addEventListener("pointerup", release);
  window.addEventListener("pointercancel", drop);
  return drop;
}

/** The click that follows a drag was not meant as one. */
function swallowClick(): void {
  const swallow = (event: MouseEvent) => event.stopPropagation();
  window.addEventListener("click", swallow, { capture: true, once: true });
  setTimeout(() => window.removeEventListener("click", swallow, true));
}
