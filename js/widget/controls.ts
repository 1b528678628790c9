import { add, addButton, addIcon, setAttribute, write } from "./dom";
import { earlyStop } from "./early_stop";
import { addEnd } from "./end";
import { rate } from "./format";
import type { Link } from "./link";
import { addModelButtons } from "./model_buttons";
import type { Ask } from "./once_button";
import type { Part } from "./part";
import { hasEpochs, isWithoutEpochs } from "./position";
import type { When } from "./protocol";
import { addRegisteredCommands, nameOf } from "./registered_commands";
import { ended } from "./requests";
import type { Store } from "./store";

/** What steers the run: a bar of buttons, and below it early stopping. Once the run is over, what can still be done with it. */
export const controls: Part = (panel, store, link) => {
  const steering = add(panel, "div", "steering");
  const bar = add(steering, "div", "controls");
  const ask: Ask = (request) => {
    if (store.isSteerable) link.send(request);
  };
  const shows = [
    addButtons(bar, ask),
    addLearningRate(bar, ask),
    addHint(bar),
    addModelButtons(bar, link, ask),
    addRegisteredCommands(bar, link, ask),
    addEnd(panel, link),
  ];
  const cleanup = earlyStop(steering, store, link);
  const unlisten = store.listen(() => {
    steering.hidden = ended(store.state);
    shows.forEach((show) => show(store, link));
  });
  return () => {
    unlisten();
    cleanup();
  };
};

type Show = (store: Store, link: Link) => void;

function addButtons(bar: HTMLElement, ask: Ask): Show {
  const group = add(bar, "span", "group");
  const pause = addPause(group, ask);
  const now = addButton(group, "danger", "", () => ask({ command: "stop", arguments: { when: "step" } }));
  addIcon(now, "stop");
  now.append("Stop now");
  const later = addButton(group, "", "Stop after epoch", () => ask({ command: "stop", arguments: { when: "epoch" } }));

  return (store, link) => {
    pause(store, link);
    const over = !store.isSteerable;
    const show = (button: HTMLButtonElement, when: When, disabled: boolean) => {
      button.disabled = disabled;
      const isPressed = !over && isStopping(store, link, when);
      setAttribute(button, "aria-pressed", isPressed);
      setAttribute(button, "aria-busy", isPressed);
    };
    show(now, "step", over);
    show(later, "epoch", over || !store.state || !hasEpochs(store.state));
    later.hidden = store.state !== null && isWithoutEpochs(store.state);
  };
}

/** One button for both, as wide as the wider of its two texts, so that nothing beside it moves. */
function addPause(group: HTMLElement, ask: Ask): Show {
  let command: "pause" | "resume" = "pause";
  const button = addButton(group, "swap", "", () => ask({ command, arguments: {} }));
  const faces = (["pause", "resume"] as const).map((name) => {
    const face = add(button, "span", "face");
    addIcon(face, name);
    face.append(WORDS[name]);
    return [name, face] as const;
  });

  return ({ state, isSteerable }, link) => {
    command = state?.status === "paused" ? "resume" : "pause";
    button.disabled = !isSteerable;
    setAttribute(button, "aria-label", WORDS[command]);
    faces.forEach(([name, face]) => face.classList.toggle("off", name !== command));
    setAttribute(button, "aria-busy", isSteerable && link.isOutstanding(command));
  };
}

const WORDS = { pause: "Pause", resume: "Resume" };

function addLearningRate(bar: HTMLElement, ask: Ask): Show {
  const group = add(bar, "span", "group");
  add(group, "span", "muted", "lr");
  const value = add(group, "span", "num now");
  const buttons = [
    ["÷2", "Halve learning rate", 0.5],
    ["×2", "Double learning rate", 2],
  ] as const;
  const scales = buttons.map(([text, name, factor]) => {
    const button = addButton(group, "symbol", "", () => ask({ command: "scale_lr", arguments: { factor } }));
    button.dataset.symbol = text; // no text: the name says it in words
    button.setAttribute("aria-label", name);
    button.title = name;
    return [button, factor] as const;
  });

  return ({ state, isSteerable }, link) => {
    group.hidden = !state?.can_scale;
    const { learning_rate: now, learning_rate_scale: scale } = state ?? {};
    write(value, typeof now === "number" ? rate(now) : "");
    group.title = scale === undefined || scale === 1 ? "" : `${rate(scale)} times what the training asks for`;
    const outstanding = link.outstanding("scale_lr");
    for (const [button, factor] of scales) {
      button.disabled = !isSteerable;
      setAttribute(button, "aria-busy", isSteerable && outstanding.some((args) => args.factor === factor));
    }
  };
}

function addHint(bar: HTMLElement): Show {
  const hint = add(bar, "span", "muted hint");
  hint.setAttribute("role", "status");
  return (store, link) => {
    const text = ended(store.state) ? "" : hintFor(store, link);
    write(hint, text);
    setAttribute(hint, "title", text);
    hint.classList.toggle("whole", store.lost !== null);
  };
}

function hintFor(store: Store, link: Link): string {
  if (store.lost) return GONE[store.lost];
  if (link.unanswered) return "no answer yet; still asking";
  if (isStopping(store, link, "step") || isStopping(store, link, "epoch")) return "stopping …";
  if (link.isOutstanding("pause") && store.state?.status !== "paused") return "pausing …";
  const slow = SLOW.find(([command]) => link.isOutstanding(command));
  if (slow) return slow[1];
  const registered = store.state?.commands?.find(({ command }) => link.isOutstanding(command));
  return registered === undefined ? "" : `${nameOf(registered)} …`;
}

const GONE = { closed: "the kernel was restarted or shut down", silent: "the kernel has ended or can't be reached" };

const SLOW = [
  ["rollback", "rolling back …"],
  ["evaluate", "evaluating …"],
  ["checkpoint", "saving …"],
] as const;

const isStopping = ({ state }: Store, link: Link, when: When): boolean =>
  state?.stopping === when || link.outstanding("stop").some((args) => args.when === when);
