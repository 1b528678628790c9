import { changeDetector } from "./changes";
import { add, setAttribute, write } from "./dom";

/** Shows a value, unless the field is being edited. */
type Show<T> = (value: T, disabled: boolean) => void;

const isFocused = (field: HTMLElement): boolean => field.matches(":focus");

/** A number field. A valid number is sent on Enter and when the field loses the focus. */
export function addNumber(
  parent: HTMLElement,
  name: string,
  least: number,
  isWhole: boolean,
  change: (value: number) => void,
): Show<number> {
  const label = add(parent, "label", "field muted", name);
  const input = add(label, "input");
  Object.assign(input, { type: "number", min: String(least), step: isWhole ? "1" : "any", required: true });
  const expected = add(parent, "span", "expected");
  expected.setAttribute("role", "alert");
  let now = NaN;
  let isEdited = false;

  const showValidity = (isValid: boolean) => {
    setAttribute(input, "aria-invalid", !isValid);
    write(expected, isValid ? "" : `a ${isWhole ? "whole " : ""}number from ${least} on`);
  };
  const restore = () => {
    isEdited = false;
    showValidity(true);
    if (input.value !== String(now)) input.value = String(now);
  };
  const commit = () => {
    if (!isEdited) return;
    showValidity(input.validity.valid);
    if (!input.validity.valid) return;
    isEdited = false;
    if (input.valueAsNumber !== now) change(input.valueAsNumber);
  };
  input.addEventListener("input", () => {
    isEdited = true;
    if (input.validity.valid) showValidity(true);
  });
  input.addEventListener("keydown", ({ key }) => {
    if (key === "Enter") commit();
    if (key === "Escape") restore();
  });
  input.addEventListener("blur", commit);
  // Without this, scrolling the page would change the number under the pointer.
  input.addEventListener("wheel", () => input.blur(), { passive: true });

  return (value, disabled) => {
    now = value;
    input.disabled = disabled;
    if (disabled || !(isFocused(input) || isEdited)) restore();
  };
}

/** A drop-down list of names. */
export function addChoice(parent: HTMLElement, name: string, change: (value: string) => void) {
  const select = add(parent, "select");
  select.setAttribute("aria-label", name);
  select.addEventListener("change", () => change(select.value));
  const areOthers = changeDetector();

  return (value: string, names: string[], disabled: boolean): void => {
    select.disabled = disabled;
    // New options would close the open list.
    if (isFocused(select) && !disabled) return;
    const offered = names.includes(value) ? names : [value, ...names];
    if (areOthers(offered)) select.replaceChildren(...offered.map((one) => new Option(one)));
    if (select.value !== value) select.value = value;
  };
}

/** A checkbox. It is hidden if the value is undefined: older runs do not have every setting. */
export function addTick(parent: HTMLElement, name: string, change: (value: boolean) => void) {
  const label = add(parent, "label", "field muted");
  const box = add(label, "input");
  box.type = "checkbox";
  label.append(name);
  box.addEventListener("change", () => change(box.checked));

  return (value: boolean | undefined, disabled: boolean): void => {
    label.hidden = value === undefined;
    box.checked = value === true;
    box.disabled = disabled;
  };
}
