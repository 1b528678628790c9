import { add, addButton, setAttribute, write } from "./dom";
import type { Finding } from "./finding_log";
import { oneLine, truncate } from "./format";
import type { Link } from "./link";
import type { RemedyButton } from "./protocol";
import type { Store } from "./store";

const LONGEST = { label: 60, said: 200 }; // characters

/** Buttons for what helps against a finding, each beside what it will do, or what became of it. */
export function addRemedies(parent: HTMLElement, store: Store, link: Link): (finding: Finding) => void {
  const list = add(parent, "ul", "remedies");
  list.setAttribute("role", "list");
  list.setAttribute("aria-label", "What helps");
  let rows: Row[] = [];

  return (finding) => {
    const remedies = finding.event.remedies ?? [];
    list.hidden = !remedies.length;
    while (rows.length < remedies.length) rows.push(addRow(list, store, link));
    for (const row of rows.splice(remedies.length)) row.element.remove();
    rows = rows.slice(0, remedies.length);
    rows.forEach((row, i) => row.show(remedies[i], finding));
  };
}

interface Row {
  element: HTMLElement;
  show(remedy: RemedyButton, finding: Finding): void;
}

function addRow(list: HTMLElement, store: Store, link: Link): Row {
  const element = add(list, "li");
  let remedy: RemedyButton;
  const isAsked = () => link.isAsked(remedy.command, remedy.arguments);
  const button = addButton(element, "", "", () => {
    if (store.isSteerable && !isAsked()) link.send({ command: remedy.command, arguments: remedy.arguments });
  });
  const told = add(element, "span", "muted");
  told.setAttribute("role", "status");

  const show = (now: RemedyButton, finding: Finding) => {
    remedy = now;
    const outcome = store.eventLog.since(finding.time, now.command, now.arguments);
    const isRefused = outcome?.status === "refused";
    write(button, truncate(oneLine(now.label), LONGEST.label));
    button.disabled = !store.isSteerable || isRefused;
    setAttribute(button, "title", oneLine(now.effect));
    setAttribute(button, "aria-busy", store.isSteerable && isAsked());
    element.dataset.outcome = outcome?.status ?? "";
    write(told, truncate(oneLine(toldOf(now, outcome, store)), LONGEST.said));
  };
  return { element, show };
}

function toldOf(remedy: RemedyButton, outcome: ReturnType<Store["eventLog"]["since"]>, { isSteerable, lost }: Store): string {
  if (outcome?.status === "applied") return `applied at step ${outcome.step}`;
  if (outcome?.status === "refused") return `refused${outcome.reason ? `: ${outcome.reason}` : ""}`;
  if (outcome?.status === "failed") return `failed${outcome.reason ? `: ${outcome.reason}` : ""}`;
  if (!isSteerable) return lost ? "The run can’t be reached." : "The run is over.";
  return remedy.effect;
}
