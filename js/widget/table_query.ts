/** What a table has in one place. */
export interface Cell {
  /** As a reader sees it; undefined if there is nothing. */
  text: string | undefined;
  /** If it is a number. */
  value: number | undefined;
}

type Cells = ReadonlyMap<string, Cell>;
type Test = (cells: Cells) => boolean;

const isMissing = (cell: Cell | undefined): boolean => cell?.text === undefined || Number.isNaN(cell.value);

/** Numbers first, then texts; what is missing or not a number comes last either way. For `Array.sort`, which keeps what is equal in its order. */
export function compareCells(a: Cell | undefined, b: Cell | undefined, descending: boolean): number {
  const missing = Number(isMissing(a)) - Number(isMissing(b));
  if (missing || isMissing(a)) return missing;
  const kinds = Number(a!.value === undefined) - Number(b!.value === undefined);
  if (kinds) return kinds;
  const up = a!.value === undefined ? a!.text!.localeCompare(b!.text!, undefined, { numeric: true }) : compare(a!.value, b!.value!);
  return descending ? -up : up;
}

/** Infinities are equal to themselves: their difference is no number. */
const compare = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);

const SIGNS: Record<string, (order: number) => boolean> = {
  "<": (order) => order < 0,
  ">": (order) => order > 0,
  "<=": (order) => order <= 0,
  ">=": (order) => order >= 0,
  "=": (order) => order === 0,
  "!=": (order) => order !== 0,
};

/** What a reader asks for, as a test of a row: words that stand in it, and comparisons such as `lr<0.01`, all of which must be true. */
export function matcher(text: string, columns: readonly string[]): { test: Test; problem?: string } {
  const parts = text.replace(/\s*(<=|>=|!=|==|<|>|=)\s*/g, (_, sign) => (sign === "==" ? "=" : sign)).match(/\S+/g) ?? [];
  const tests: Test[] = [];
  for (const part of parts) {
    const [, name, sign, wanted] = part.match(/^([^<>=!]*)(<=|>=|!=|<|>|=)(.*)$/) ?? [];
    if (sign === undefined) tests.push(hasWord(part.toLowerCase()));
    else if (name && wanted) {
      const column = columnCalled(name, columns);
      if (column === undefined) return { test: () => true, problem: `There is no column ${name}; there are ${columns.join(", ")}` };
      tests.push((cells) => isTrue(cells.get(column), sign, wanted));
    }
  }
  return { test: (cells) => tests.every((test) => test(cells)) };
}

const hasWord =
  (word: string): Test =>
  (cells) =>
    [...cells.values()].some(({ text }) => text?.toLowerCase().includes(word));

/** Of a metric its best value is meant, or else its last one. */
function columnCalled(name: string, columns: readonly string[]): string | undefined {
  const wanted = name.toLowerCase();
  const called = (one: string) => columns.find((column) => column.toLowerCase().replace(/\s/g, "") === one);
  return called(wanted) ?? called(`${wanted}.best`) ?? called(`${wanted}.last`);
}

function isTrue(cell: Cell | undefined, sign: string, wanted: string): boolean {
  if (cell?.text === undefined) return sign === "!=";
  const number = Number(wanted);
  if (cell.value !== undefined && !Number.isNaN(number)) return !Number.isNaN(cell.value) && SIGNS[sign](compare(cell.value, number));
  const isEqual = cell.text.toLowerCase() === wanted.toLowerCase();
  return sign === "=" ? isEqual : sign === "!=" ? !isEqual : false;
}
