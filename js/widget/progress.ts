import { add, type Part } from "./dom";
import type { State } from "./protocol";

export const progress: Part = (panel, store) => {
  const bars = add(panel, "div", "bars");
  const whole = addBar(bars, "whole", "Training progress");
  const epoch = addBar(bars, "epoch", "Epoch progress");

  return store.listen(() => {
    if (!store.state) return;
    setBar(whole, wholeFraction(store.state));
    setBar(epoch, epochFraction(store.state));
  });
};

function epochFraction({ batch, batches }: State): number | null {
  return batches ? Math.min(1, batch / batches) : null;
}

function wholeFraction(state: State): number | null {
  if (state.status === "finished") return 1;
  // While it validates the epoch's training is over, also if it was left early.
  const within = state.validating ? 1 : epochFraction(state);
  if (state.epoch === null || state.epochs === null) return state.epoch === null ? within : null;
  return Math.min(1, (state.epoch + (within ?? 0)) / state.epochs);
}

function addBar(bars: HTMLElement, className: string, label: string): HTMLElement {
  const bar = add(bars, "div", className);
  bar.setAttribute("role", "progressbar");
  bar.setAttribute("aria-label", label);
  bar.setAttribute("aria-valuemin", "0");
  bar.setAttribute("aria-valuemax", "100");
  return bar;
}

function setBar(bar: HTMLElement, fraction: number | null): void {
  const before = Number(bar.style.getPropertyValue("--done"));
  const now = fraction ?? 0;
  // Going back to the start of an epoch is a jump; animating it would look like lost work.
  bar.classList.toggle("forward", now > before);
  bar.style.setProperty("--done", String(now));
  if (fraction === null) bar.removeAttribute("aria-valuenow");
  else bar.setAttribute("aria-valuenow", String(Math.round(100 * fraction)));
}
