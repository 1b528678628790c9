import { add, addButton, Figure, mark, write, type Part } from "./dom";
import { addChoice, addNumber, addTick } from "./fields";
import { metricNames } from "./metrics";
import { ended, type EarlyStop, type EarlyStopSettings } from "./protocol";
import { short } from "./sentences";

/** The switch, what it goes by, and what it has seen. */
export const earlyStop: Part = (panel, store, link) => {
  const row = add(panel, "div", "controls early");
  const change = (settings: Partial<EarlyStopSettings>) => {
    if (!ended(store.state)) link.send({ command: "early_stop", arguments: settings });
  };
  // What was asked for is shown at once; it falls back if it is turned down.
  const wanted = (): EarlyStop => Object.assign({}, store.state!.early_stop, ...link.outstanding("early_stop"));
  const toggle = addButton(row, "switch", "", () => change({ on: !wanted().on }));
  toggle.setAttribute("role", "switch");
  add(toggle, "span", "track").setAttribute("aria-hidden", "true");
  toggle.append("Early stopping");
  const fields = add(row, "span", "fields");
  const metric = addChoice(fields, "metric", (name) => change({ metric: name }));
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
    const over = ended(state);
    const settings = over ? state.early_stop : wanted();
    toggle.disabled = over;
    mark(toggle, "aria-checked", settings.on);
    mark(toggle, "aria-busy", settings.on !== state.early_stop.on);
    row.classList.toggle("off", !settings.on);
    metric(settings.metric, [...metricNames(store)], over);
    mode(settings.mode, ["min", "max"], over);
    patience(settings.patience, over);
    minDelta(settings.min_delta, over);
    restore(settings.restore_best, over);
    write(seen, ...tell(state.early_stop));
  });
};

function tell({ on, metric, best, best_step, waited, patience, would_stop }: EarlyStop): (string | Figure)[] {
  if (!on) return would_stop === null ? [] : ["would have stopped at step ", new Figure(String(would_stop))];
  if (best === null) return [`waiting for ${metric}`];
  const known = ["best ", new Figure(short(best)), " at step ", new Figure(String(best_step))];
  if (!waited) return known;
  return [...known, " · ", new Figure(String(waited)), " of ", new Figure(String(patience)), " without improvement"];
}
