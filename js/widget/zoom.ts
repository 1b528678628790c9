/** Calls `changed` when the browser's zoom or the screen changes: a panel of the same width then has other pixels. */
export function followZoom(changed: () => void): () => void {
  let query: MediaQueryList | undefined;
  const follow = () => {
    query?.removeEventListener("change", follow);
    if (query) changed();
    query = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    query.addEventListener("change", follow);
  };
  follow();
  return () => query?.removeEventListener("change", follow);
}
