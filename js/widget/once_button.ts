import { addButton, setAttribute, write } from "./dom";
import type { Link } from "./link";
import type { RegisteredRequest, Request } from "./requests";

/** Sends a request, unless the run is over or can't be reached. */
export type Ask = (request: Request | RegisteredRequest) => void;

export interface OnceButton {
  button: HTMLButtonElement;
  show(text: string, isSteerable: boolean, isPossible?: boolean): void;
}

/** A button for a command that takes a while: until its outcome is known, another click does nothing. */
export function addOnceButton(group: HTMLElement, request: Request | RegisteredRequest, link: Link, ask: Ask): OnceButton {
  const isBusy = () => link.isOutstanding(request.command);
  const button = addButton(group, "", "", () => isBusy() || ask(request));

  const show = (text: string, isSteerable: boolean, isPossible = true) => {
    write(button, text);
    button.disabled = !isSteerable || !isPossible;
    setAttribute(button, "aria-busy", isSteerable && isBusy());
  };
  return { button, show };
}
