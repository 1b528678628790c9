/** Layers that follow each other and share one label: `size` of them from `first` on. */
export interface LayerGroup {
  name: string;
  first: number;
  size: number;
}

/**
 * What to write for layers where there is room for `length` characters: no two labels are alike, and what tells layers apart goes last. The path that
 * all of them begin with goes first, then the kind behind the name, then letters of the path, and at last the middle of what is left.
 * The rule is that of `layer_labels` in `trainbook/run/layer_names.py`.
 */
export function layerLabels(names: string[], length: number): string[] {
  const bare = withoutKinds(names);
  const shared = sharedPath(bare);
  const isNumbered = bare.some((name) => isNumber(name.split(".")[shared]));
  // A number says little without what it is the number of, so where there is room the name stays whole.
  const forms = isNumbered
    ? [names, bare, withoutPath(bare, Math.max(0, shared - 1))]
    : [withoutPath(names, shared), withoutPath(bare, shared)];
  const form = forms.find((one) => one.every((name) => sizeOf(name) <= length)) ?? forms[forms.length - 1];
  const labels = form.map((name) => shorten(name, length));
  return new Set(labels).size === labels.length ? labels : form.map((name, i) => cut(`${i} ${name}`, length));
}

/**
 * The layers of a deep model by module, so that there are at most about `most` labels: `h.0`, `h.1` … for the blocks of a transformer. Where the
 * modules are too few to tell anything, there are more groups than that. The rule is that of `layer_groups` in Python.
 */
export function layerGroups(names: string[], most: number): LayerGroup[] {
  const paths = withoutKinds(names).map((name) => name.split("."));
  const single = names.map((name, first) => ({ name, first, size: 1 }));
  if (names.length <= most) return single;
  let coarser: LayerGroup[] = [];
  for (let depth = 1; depth <= Math.max(...paths.map((path) => path.length)); depth++) {
    const groups = groupsAt(paths, depth);
    if (groups.length > most) return 4 * coarser.length >= most ? coarser : groups;
    coarser = groups;
  }
  return single; // as many have one name
}

function groupsAt(paths: string[][], depth: number): LayerGroup[] {
  const groups: LayerGroup[] = [];
  let before: string | undefined;
  paths.forEach((path, i) => {
    const module = path.slice(0, depth).join(".");
    if (module === before) groups[groups.length - 1].size++;
    else groups.push({ name: module, first: i, size: 1 });
    before = module;
  });
  return groups.map((group) => (group.size > 1 ? group : { ...group, name: paths[group.first].join(".") }));
}

/** Names without the kinds behind them, unless only these tell them apart. */
function withoutKinds(names: string[]): string[] {
  const bare = names.map((name) => name.split(" ")[0]);
  return new Set(bare).size === new Set(names).size ? bare : names;
}

/** How many parts of a path all names begin with; the last part of a name is no path. */
function sharedPath(names: string[]): number {
  if (names.length < 2) return 0;
  const paths = names.map((name) => name.split("."));
  let shared = 0;
  while (paths.every((path) => shared < path.length - 1 && path[shared] === paths[0][shared])) shared++;
  return shared;
}

const withoutPath = (names: string[], parts: number): string[] => names.map((name) => name.split(".").slice(parts).join("."));

/** `encoder.layer.0.query` as `e.l.0.query`, from the left as far as needed; what is still too long loses its middle. */
export function shorten(name: string, length: number): string {
  const parts = name.split(".");
  for (let i = 0; i < parts.length - 1 && sizeOf(parts.join(".")) > length; i++) {
    if (!isNumber(parts[i])) parts[i] = [...parts[i]].slice(0, 1).join("");
  }
  return cut(parts.join("."), length);
}

function cut(text: string, length: number): string {
  const letters = [...text];
  if (letters.length <= length) return text;
  const head = Math.floor((length - 1) / 3);
  return [...letters.slice(0, head), "…", ...letters.slice(letters.length - (length - 1 - head))].join("");
}

const isNumber = (part: string): boolean => /^[0-9]+$/.test(part);

const sizeOf = (text: string): number => [...text].length;
