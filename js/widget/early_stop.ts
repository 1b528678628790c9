import { add, addButton, Mono, setAttribute, write } from "./dom";
import { addChoice, addNumber, addTick } from "./fields";
import { short } from "./format";
import { metricNames } from "./metrics";
import type { Part } from "./part";
import type { EarlyStop } from "./protocol";
import type { EarlyStopSettings } from "./requests";

/** The switch of early stopping, its settings and its progress. */
export const earlyStop: Part = (panel, store, link) => {
  const row = add(panel, "div", "controls early");
  const change = (settings: Partial<EarlyStopSettings>) => {
    if (store.isSteerable) link.send({ command: "early_stop", arguments: settings });
  };
  // Requested settings are shown at once, and taken back if they are refused.
  const wanted = (): EarlyStop => Object.assign({}, store.state!.early_stop, ...link.outstanding("early_stop"));
  const toggle = addButton(row, "switch", "", () => change({ on: !wanted().on }));
  toggle.setAttribute("role", "switch");
  add(toggle, "span", "track").setAttribute("aria-hidden", "true");
  toggle.append("Early stopping");
  const fields = add(row, "span", "fields");
  const monitor = addChoice(fields, "monitor", (name) => change({ monitor: name }));
  const mode = addChoice(fields, "mode", (name) => change({ mode: name as EarlyStop["mode"] }));
  const patience = addNumber(fields, "patience", 1, true, (value) => change({ patience: value }));
  const minDelta = addNumber(fields, "min delta", 0, false, (value) => change({ min_delta: value }));
  const restore = addTick(fields, "restore best", (value) => change({ restore_best: value }));
  const seen = add(row, "span", "muted seen");
  const refresh = () => store.touch();
  row.addEventListener("focusout", refresh);

  return store.listen(() => {
    const { state } = store;
    row.hidden = !state?.early_stop;
    if (!state?.early_stop) return;
    const over = !store.isSteerable;
    const settings = over ? state.early_stop : wanted();
    toggle.disabled = over;
    setAttribute(toggle, "aria-checked", settings.on);
    setAttribute(toggle, "aria-busy", settings.on !== state.early_stop.on);
    row.classList.toggle("off", !settings.on);
    monitor(settings.monitor, [...metricNames(store)], over);
    mode(settings.mode, ["min", "max"], over);
    patience(settings.patience, over);
    minDelta(settings.min_delta, over);
    restore(settings.restore_best, over);
    write(seen, ...progressOf(state.early_stop));
    setAttribute(seen, "title", seen.textContent);
  });
};

function progressOf(state: EarlyStop): (string | Mono)[] {
  const { on, best, best_step, waited, patience, would_stop } = state;
  if (!on) return would_stop === null ? [] : ["would have stopped at step ", new Mono(String(would_stop))];
  if (best === null) return [`waiting for ${state.monitor}`];
  const known = ["best ", new Mono(short(best)), " at step ", new Mono(String(best_step))];
  if (!waited) return known;
  return [...known, " · ", new Mono(String(waited)), " of ", new Mono(String(patience)), " without improvement"];
}
