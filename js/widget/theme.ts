/** Keeps `data-theme` of the panel in step with the page it stands in, and says when it changed. */
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

export const themeOf = (element: HTMLElement): string =>
  element.closest<HTMLElement>(".trainbook-panel")?.dataset.theme ?? "";

/** A canvas knows no CSS variables: the value of one, for drawing. */
export function color(element: HTMLElement, variable: string): string {
  return getComputedStyle(element).getPropertyValue(variable).trim();
}
