import { addAside } from "./aside";
import { add, addButton, addIcon, mark, write, type Part } from "./dom";
import { earlyStop } from "./early_stop";
import { rate } from "./format";
import type { Link } from "./link";
import { ended, type Request, type When } from "./protocol";
import type { Store } from "./store";

/** What steers the run: a bar of buttons, and beneath it early stopping. */
export const controls: Part = (panel, store, link) => {
  const bar = add(panel, "div", "controls");
  const ask = (request: Request) => {
    if (!ended(store.state)) link.send(request);
  };
  const shows = [
    addButtons(bar, ask),
    addLearningRate(bar, ask),
    addHint(bar),
    addAside(bar, link, ask),
  ];
  const cleanup = earlyStop(panel, store, link);
  const unlisten = store.listen(() => shows.forEach((show) => show(store, link)));
  return () => {
    unlisten();
    cleanup();
  };
};

type Ask = (request: Request) => void;
type Show = (store: Store, link: Link) => void;

function addButtons(bar: HTMLElement, ask: Ask): Show {
  const group = add(bar, "span", "group");
  const pause = addPause(group, ask);
  const now = addButton(group, "danger", "", () => ask({ command: "stop", arguments: { when: "step" } }));
  addIcon(now, "stop");
  now.append("Stop now");
  const later = addButton(group, "quiet", "Stop after epoch", () => ask({ command: "stop", arguments: { when: "epoch" } }));

  return (store, link) => {
    pause(store, link);
    const over = ended(store.state);
    const show = (button: HTMLButtonElement, when: When, disabled: boolean) => {
      button.disabled = disabled;
      const isPressed = !over && isStopping(store, link, when);
      mark(button, "aria-pressed", isPressed);
      mark(button, "aria-busy", isPressed);
    };
    show(now, "step", over);
    show(later, "epoch", over || store.state?.epoch === null);
  };
}

/** One button for both, as wide as the wider of them, so that nothing beside it moves. */
function addPause(group: HTMLElement, ask: Ask): Show {
  let command: "pause" | "resume" = "pause";
  const button = addButton(group, "swap", "", () => ask({ command, arguments: {} }));
  const faces = (["pause", "resume"] as const).map((name) => {
    const face = add(button, "span", "face");
    addIcon(face, name);
    face.append(WORDS[name]);
    return [name, face] as const;
  });

  return ({ state }, link) => {
    command = state?.status === "paused" ? "resume" : "pause";
    button.disabled = ended(state);
    mark(button, "aria-label", WORDS[command]);
    faces.forEach(([name, face]) => face.classList.toggle("off", name !== command));
    mark(button, "aria-busy", !ended(state) && link.outstanding(command).length > 0);
  };
}

const WORDS = { pause: "Pause", resume: "Resume" };

function addLearningRate(bar: HTMLElement, ask: Ask): Show {
  const group = add(bar, "span", "group");
  add(group, "span", "muted", "lr");
  const figure = add(group, "span", "num now");
  const buttons = [["÷2", "Halve learning rate", 0.5], ["×2", "Double learning rate", 2]] as const;
  const scales = buttons.map(([text, name, factor]) => {
    const button = addButton(group, "", text, () => ask({ command: "scale_lr", arguments: { factor } }));
    button.setAttribute("aria-label", name);
    return [button, factor] as const;
  });

  return ({ state }, link) => {
    group.hidden = !state?.can_scale;
    const { learning_rate: now, learning_rate_scale: scale } = state ?? {};
    write(figure, typeof now === "number" ? rate(now) : "");
    group.title = scale === undefined || scale === 1 ? "" : `${rate(scale)} times what the training asks for`;
    const asked = link.outstanding("scale_lr");
    for (const [button, factor] of scales) {
      button.disabled = ended(state);
      mark(button, "aria-busy", !ended(state) && asked.some((how) => how.factor === factor));
    }
  };
}

function addHint(bar: HTMLElement): Show {
  const hint = add(bar, "span", "muted hint");
  hint.setAttribute("role", "status");
  return (store, link) => write(hint, ended(store.state) ? "" : words(store, link));
}

function words(store: Store, link: Link): string {
  if (link.unanswered) return "no answer yet; still asking";
  if (isStopping(store, link, "step") || isStopping(store, link, "epoch")) return "stopping …";
  if (link.outstanding("pause").length && store.state?.status !== "paused") return "pausing …";
  return ASIDES.find(([command]) => link.outstanding(command).length)?.[1] ?? "";
}

const ASIDES = [["rollback", "rolling back …"], ["evaluate", "evaluating …"], ["checkpoint", "saving …"]] as const;

const isStopping = ({ state }: Store, link: Link, when: When): boolean =>
  state?.stopping === when || link.outstanding("stop").some((how) => how.when === when);
