import { add, Figure, write, type Part } from "./dom";

export const footer: Part = (panel, store) => {
  const bar = add(panel, "footer");
  const step = add(bar, "span");
  const folder = add(bar, "span", "right");

  return store.listen(() => {
    const { state } = store;
    bar.hidden = !state;
    if (!state) return;
    write(step, "step ", new Figure(String(state.step)));
    write(folder, "run ", new Figure(state.folder));
  });
};
