import assert from "node:assert/strict";
import { test } from "node:test";
import { palette, pixelOf, sharesPalette } from "../widget/palette";

const [zero, nonFinite] = ["#808080", "#d00"].map(pixelOf);
const colors = palette([-3, 0], zero, nonFinite);
/** The pixel of a value, by the upper half of its float32. */
const pixel = (value: number): number => colors[new Uint32Array(Float32Array.of(value).buffer)[0] >>> 16];
/** Red, green, blue and alpha. */
const channels = (one: number): number[] => [...new Uint8Array(Uint32Array.of(one).buffer)];

test("a colour of CSS is a pixel", () => {
  assert.deepEqual(channels(zero), [128, 128, 128, 255]);
  assert.deepEqual(channels(nonFinite), [221, 0, 0, 255]);
});

test("values from the lowest to the highest decade go from dark to light", () => {
  assert.deepEqual(channels(pixel(1e-3)), [68, 1, 84, 255]);
  assert.deepEqual(channels(pixel(1)), [253, 231, 37, 255]);
  const greens = Array.from({ length: 60 }, (_, i) => channels(pixel(10 ** (-3 + i / 20)))[1]);
  assert.ok(
    greens.every((green, i) => i === 0 || green >= greens[i - 1]),
    `${greens}`,
  );
});

test("what is beyond both ends has their colours", () => {
  assert.deepEqual([pixel(1e-20), pixel(1e20)], [pixel(1e-3), pixel(1)]);
});

test("zero, no gradient and what is not finite have colours of their own", () => {
  assert.deepEqual([pixel(0), pixel(-1)], [zero, 0]);
  for (const value of [NaN, Infinity]) assert.equal(pixel(value), nonFinite);
});

test("shares are on a linear scale, where zero is the dark end", () => {
  const shares = sharesPalette(nonFinite);
  const pixelOfShare = (value: number): number => shares[new Uint32Array(Float32Array.of(value).buffer)[0] >>> 16];
  assert.deepEqual(channels(pixelOfShare(0)), [68, 1, 84, 255]);
  assert.deepEqual(channels(pixelOfShare(1)), [253, 231, 37, 255]);
  const [, green] = channels(pixelOfShare(0.5));
  assert.ok(green > 130 && green < 170, `${green}`);
  assert.deepEqual([pixelOfShare(-1), pixelOfShare(NaN)], [0, nonFinite]);
});
