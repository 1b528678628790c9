import { add, setAttribute } from "./dom";
import type { Part } from "./part";
import { isWithoutEpochs } from "./position";
import type { State } from "./protocol";
import { ended } from "./requests";

/** A thick bar for the whole training, and a thin one below it for the epoch, if there are epochs. A run that is over has none. */
export const progress: Part = (panel, store) => {
  const bars = add(panel, "div", "bars");
  const whole = addBar(bars, "whole", "Training progress");
  const epoch = addBar(bars, "epoch", "Epoch progress");

  return store.listen(() => {
    bars.hidden = ended(store.state);
    if (!store.state) return;
    const [trained, within] = [wholeFraction(store.state), epochFraction(store.state)];
    setBar(whole, trained);
    epoch.hidden = isWithoutEpochs(store.state);
    setBar(epoch, within);
    const thin = epoch.hidden ? "" : `\nThin: this epoch${shareOf(within)}`;
    setAttribute(bars, "title", `Thick: the whole training${shareOf(trained)}${thin}`);
  });
};

const shareOf = (fraction: number | null): string => (fraction === null ? "" : `, ${Math.round(100 * fraction)} %`);
function epochFraction({ batch, batches }: State): number | null {
  return batches ? Math.min(1, (batch ?? 0) / batches) : null;
}

function wholeFraction(state: State): number | null {
  // While it validates the epoch's training is over, also if it was left early.
  const within = state.validating ? 1 : epochFraction(state);
  const { epoch, epochs } = state;
  if (typeof epoch !== "number") return within;
  return epochs ? Math.min(1, (epoch + (within ?? 0)) / epochs) : null;
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
