import assert from "node:assert/strict";
import { test } from "node:test";
import { adviceOf } from "../widget/advice";

/** Code in angle brackets, and the snippet. */
function told(text: string): [words: string, snippet: string] {
  const { words, snippet } = adviceOf(text);
  return [words.map((piece) => (piece.isCode ? `<${piece.text}>` : piece.text)).join(""), snippet];
}

test("words alone have no snippet", () => {
  assert.deepEqual(told("Train longer, or with a higher rate (but not both)."), [
    "Train longer, or with a higher rate (but not both).",
    "",
  ]);
  assert.deepEqual(told(""), ["", ""]);
});

test("what follows a colon at the end is the snippet", () => {
  const text = "Give both one shape: loss_func(output.squeeze(1), target).";
  assert.deepEqual(told(text), ["Give both one shape: ", "loss_func(output.squeeze(1), target)"]);
  assert.deepEqual(told("With those of the training: x = (x - mean) / std"), ["With those of the training: ", "x = (x - mean) / std"]);
  assert.deepEqual(told("Split anew: train, test = split(data, shuffle=True)."), [
    "Split anew: ",
    "train, test = split(data, shuffle=True)",
  ]);
  assert.deepEqual(told("Divide by 255: `x = x / 255`"), ["Divide by 255: ", "x = x / 255"]);
});

test("code within words is told from them", () => {
  const text = "Call optimizer.zero_grad() before `loss.backward`, not after it.";
  assert.deepEqual(told(text), ["Call <optimizer.zero_grad()> before <loss.backward>, not after it.", ""]);
  assert.deepEqual(told("Use f(g(h(1)), 2) now."), ["Use <f(g(h(1)), 2)> now.", ""]);
  assert.deepEqual(told("One bracket open( is no code."), ["One bracket open( is no code.", ""]);
});

test("further lines are the snippet", () => {
  assert.deepEqual(told("Clip it:\nloss.backward()\nclip(1)\n"), ["Clip it:", "loss.backward()\nclip(1)"]);
  assert.deepEqual(told("Clip it:\n```python\nloss.backward()\n```"), ["Clip it:", "loss.backward()"]);
});
