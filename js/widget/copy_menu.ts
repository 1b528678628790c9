import { copyImage, copyText } from "./clipboard";
import { pythonOf } from "./copied";
import type { Copyable } from "./copyable";
import { add, write } from "./dom";
import { imageOf } from "./image";
import type { Line } from "./line";
import { Menu } from "./menu";
import type { Store } from "./store";

const TOLD = 2500; // ms for which the button says what came of it

/** A menu that copies what a chart shows: its data, its image, the Python that gives it. Returns what takes it away. */
export function addCopyMenu(parent: HTMLElement, plot: () => Copyable, store: Store): () => void {
  let timer = 0;
  const told = add(parent, "span", "told");
  told.setAttribute("role", "status");
  const tell = (done: string) => {
    write(menu.button, done.split(" ")[0]);
    menu.button.title = done;
    write(told, done);
    clearTimeout(timer);
    timer = window.setTimeout(() => write(menu.button, "copy"), TOLD);
  };
  const copy = (work: (lines: Line[], name: string) => Promise<string>) => () => {
    const { lines } = plot();
    if (!lines.length) return;
    work(lines, fileName(lines)).then(tell, () => tell("failed to copy"));
  };
  const items = [
    { label: "Data as CSV", choose: copy((_, name) => copyText(plot().csv(), `${name}.csv`)) },
    { label: "Image as PNG", choose: copy(async (_, name) => copyImage(await imageOf(plot()), `${name}.png`)) },
    { label: "Line of Python", choose: copy((lines, name) => copyText(pythonOf(folderOf(store), sourcesOf(lines, store)), `${name}.py`)) },
  ];
  const menu = new Menu(parent, "copy", () => items);
  menu.name("copy this plot");
  const unlisten = store.listen(() => (menu.button.hidden = !plot().lines.length));
  return () => {
    unlisten();
    clearTimeout(timer);
    menu.dispose();
    told.remove();
  };
}

const fileName = ([{ series }]: Line[]): string => series.name.replace(/[^\w.-]+/g, "_");

const folderOf = ({ state, runId }: Store): string => state?.folder ?? runId;

const sourcesOf = (lines: Line[], { tables }: Store) =>
  lines.map(({ series: { name } }) => ({ name, stream: [...tables.values()].find(({ columns }) => columns.has(name))?.stream ?? "valid" }));
