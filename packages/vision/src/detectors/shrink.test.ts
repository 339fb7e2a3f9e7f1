import assert from "node:assert/strict";
import test from "node:test";
import { shrinkColour, shrinkGrey, shrinkToGrey, shrunkenSize } from "./shrink.ts";

test("blocks become their mean, and what fills no block is left out", () => {
  const shrinking = { width: 5, height: 3, factor: 2 };
  assert.deepEqual(shrunkenSize(shrinking), { width: 2, height: 1 });
  const into = new Uint8Array(2);
  shrinkGrey(Uint8Array.of(10, 20, 100, 100, 255, 30, 40, 100, 104, 255, 255, 255, 255, 255, 255), into, shrinking);
  assert.deepEqual([...into], [25, 101]);
});

test("colours are averaged apart from each other", () => {
  const into = new Uint8Array(3);
  shrinkColour(Uint8Array.of(0, 100, 200, 10, 110, 210, 20, 120, 220, 30, 130, 230), into, { width: 2, height: 2, factor: 2 });
  assert.deepEqual([...into], [15, 115, 215]);
});

test("grey is the luma of the colour", () => {
  const into = new Uint8Array(4);
  shrinkToGrey(Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 255, 0, 0, 0, 255), into, { width: 4, height: 1, factor: 1 });
  assert.deepEqual([...into], [255, 76, 149, 28]); // 0.299, 0.587 and 0.114 of 255
});

test("halving by words is the same as halving by pixels, to the last row and column", () => {
  for (const [width, height] of [
    [8, 4],
    [12, 5],
    [64, 3],
  ] as const) {
    // Not at the start of its buffer; a picture that starts between two words is halved pixel by pixel.
    const whole = Uint8Array.from({ length: width * height + 5 }, (_, at) => (at * 91 + (at >> 3)) % 256);
    const aligned = whole.subarray(4, 4 + width * height);
    const [byWords, byPixels] = [new Uint8Array((width >> 1) * (height >> 1)), new Uint8Array((width >> 1) * (height >> 1))];
    shrinkGrey(aligned, byWords, { width, height, factor: 2 });
    const moved = new Uint8Array(whole.length);
    moved.set(aligned, 1);
    shrinkGrey(moved.subarray(1), byPixels, { width, height, factor: 2 });
    assert.deepEqual(byWords, byPixels);
    assert.ok(new Set(byWords).size > 5);
  }
  const white = new Uint8Array(2);
  shrinkGrey(new Uint8Array(8).fill(255), white, { width: 4, height: 2, factor: 2 });
  assert.deepEqual([...white], [255, 255]);
});

test("halving, which is written out, is the same as any other shrinking", () => {
  const [width, height] = [9, 7];
  const pixels = Uint8Array.from({ length: width * height * 3 }, (_, at) => (at * 37) % 251);
  for (const factor of [1, 2, 3]) {
    const small = shrunkenSize({ width, height, factor });
    const grey = new Uint8Array(small.width * small.height);
    shrinkToGrey(pixels, grey, { width, height, factor });
    const fromGrey = new Uint8Array(grey.length);
    const whole = new Uint8Array(width * height);
    shrinkToGrey(pixels, whole, { width, height, factor: 1 });
    shrinkGrey(whole, fromGrey, { width, height, factor });
    for (const [at, value] of grey.entries()) {
      const [column, row] = [at % small.width, Math.floor(at / small.width)];
      let sum = 0;
      for (let y = 0; y < factor; y++) {
        for (let x = 0; x < factor; x++) {
          const pixel = ((row * factor + y) * width + column * factor + x) * 3;
          sum += 0.299 * pixels[pixel]! + 0.587 * pixels[pixel + 1]! + 0.114 * pixels[pixel + 2]!;
        }
      }
      const mean = sum / factor ** 2;
      assert.ok(Math.abs(value - mean) < 2 && Math.abs(fromGrey[at]! - mean) < 2, `${value} and ${fromGrey[at]}, not ${mean}`);
    }
  }
});
