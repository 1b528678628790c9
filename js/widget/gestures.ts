import { add } from "./dom";
import type { View } from "./viewport";

const CLICK = 5; // px; a shorter movement is a click, not a drag
const LINE = 16; // px
const KEYS: Record<string, number> = { "+": 0.5, "=": 0.5, "-": 2 };

/**
 * Zooming and panning a plot: drag to zoom, shift-drag or wheel sideways to pan, Ctrl or Cmd and wheel to zoom, double
 * click to reset. A wheel without keys scrolls the page. `area` is the element that spans what is in view.
 */
export function followGestures(box: HTMLElement, area: () => HTMLElement | undefined, viewport: View): () => void {
  const at = (clientX: number): number => {
    const { left, width } = area()!.getBoundingClientRect();
    const [from, to] = viewport.span;
    return from + ((to - from) * (clientX - left)) / width;
  };
  const isInside = ({ target }: MouseEvent) => area()?.contains(target as Node) ?? false;
  let drop = () => {};

  const press = (event: PointerEvent) => {
    if (event.button || event.pointerType === "touch" || !isInside(event)) return;
    drop();
    drop = event.shiftKey ? panByDrag(event, viewport, at) : zoomByDrag(event, area()!, viewport, at);
  };
  const wheel = (event: WheelEvent) => {
    if (!isInside(event)) return;
    const unit = event.deltaMode ? LINE : 1;
    if (event.ctrlKey || event.metaKey) viewport.magnify(Math.exp((event.deltaY * unit) / 300), at(event.clientX));
    else if (viewport.zoom && Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      viewport.pan(at(event.deltaX * unit) - at(0));
    } else return;
    event.preventDefault();
  };
  const doubleClick = (event: MouseEvent) => {
    if (isInside(event)) viewport.reset();
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

/** Pans while the pointer moves. */
function panByDrag(start: PointerEvent, viewport: View, at: At): () => void {
  let held = at(start.clientX);
  return drag(start, ({ clientX }) => {
    viewport.pan(held - at(clientX));
    held = at(clientX);
  });
}

/** Zooms to the steps between where the pointer is pressed and released. */
function zoomByDrag(start: PointerEvent, area: HTMLElement, viewport: View, at: At): () => void {
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
  start: PointerEvent,
  move: (event: PointerEvent) => void,
  done: (event: PointerEvent) => void = () => {},
  end = () => {},
): () => void {
  let moved = false;
  const follow = (event: PointerEvent) => {
    moved ||= Math.abs(event.clientX - start.clientX) > CLICK;
    if (moved) move(event);
  };
  const release = (event: PointerEvent) => {
    if (moved) {
      done(event);
      suppressClick();
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

/** Keeps the click event that follows a drag from the elements of the plot. */
function suppressClick(): void {
  const suppress = (event: MouseEvent) => event.stopPropagation();
  window.addEventListener("click", suppress, { capture: true, once: true });
  setTimeout(() => window.removeEventListener("click", suppress, true));
}
