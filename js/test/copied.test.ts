import assert from "node:assert/strict";
import { test } from "node:test";
import { binsCsv, csvOf, pythonOf } from "../widget/copied";
import { Curve } from "../widget/curve";

function curveOf(name: string, points: [step: number, value: number][]): Curve {
  const curve = new Curve(name);
  for (const [step, value] of points) curve.push(step, value);
  return curve;
}

test("a curve as CSV, to the last digit", () => {
  const loss = curveOf("loss", [
    [1, 0.1 + 0.2],
    [2, NaN],
    [4, -Infinity],
  ]);
  assert.equal(csvOf([loss]), "step,loss\n1,0.30000000000000004\n2,nan\n4,-inf\n");
});

test("several curves have a row for each step that any of them has", () => {
  const [loss, val] = [
    curveOf("loss", [
      [1, 3],
      [2, 2],
    ]),
    curveOf("val_loss", [
      [2, 5],
      [3, 4],
    ]),
  ];
  assert.equal(csvOf([loss, val]), "step,loss,val_loss\n1,3,\n2,2,5\n3,,4\n");
  assert.equal(csvOf([curveOf("a", [])]), "step,a\n");
});

test("any name is one cell", () => {
  assert.equal(csvOf([curveOf('a,"b"\nc', [[1, 2]])]), 'step,"a,""b""\nc"\n1,2\n');
});

test("the Python that gives it, whatever the name", () => {
  const sources = [
    { name: "loss", stream: "train" },
    { name: 'val "x"\\', stream: "valid" },
  ];
  assert.equal(
    pythonOf("2026_quickstart", sources),
    'open_run("runs/2026_quickstart").frame("train")["loss"].dropna()\nopen_run("runs/2026_quickstart").frame("valid")["val \\"x\\"\\\\"].dropna()',
  );
});

test("bins as CSV, a row each", () => {
  const curves = [curveOf("a", []), curveOf("b,c", [])];
  assert.equal(
    binsCsv(
      curves,
      [0, 0.5, 1],
      [
        [1, 0],
        [2, 3],
      ],
    ),
    'from,to,a,"b,c"\n0,0.5,1,2\n0.5,1,0,3\n',
  );
});
