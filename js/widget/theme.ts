/** Sets `data-theme` of the panel to the theme of the page, and calls `changed` when it changes. */
export function followTheme(panel: HTMLElement, changed: () => void): () => void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    const theme = isDark(system.matches) ? "dark" : "light";
    if (panel.dataset.theme === theme) return;
    panel.dataset.theme = theme;
    changed();
  };
  const observer = new MutationObserver(follow);
  observer.observe(document.body, { attributes: true, attributeFilter: ["class", "data-jp-theme-light"] });
  system.addEventListener("change", follow);
  follow();
  return () => {
    observer.disconnect();
    system.removeEventListener("change", follow);
  };
}

function isDark(system: boolean): boolean {
  const { body } = document;
  const lab = body.getAttribute("data-jp-theme-light");
  if (lab !== null) return lab === "false";
  if (body.matches(".vscode-light, .vscode-high-contrast-light")) return false;
  if (body.matches(".vscode-dark, .vscode-high-contrast")) return true;
  return system;
}

export const themeOf = (element: HTMLElement): string => element.closest<HTMLElement>(".trainbook-panel")?.dataset.theme ?? "";

const colors = new Map<string, string>();

/** The value of a CSS variable in the theme of an element: a canvas can't use the variable itself. Asked for once, as that lays out the page. */
export function color(element: HTMLElement, variable: string): string {
  const key = `${themeOf(element)} ${variable}`;
  const known = colors.get(key) ?? getComputedStyle(element).getPropertyValue(variable).trim();
  if (known) colors.set(key, known); // it is empty as long as the style sheet is on its way
  return known;
}
