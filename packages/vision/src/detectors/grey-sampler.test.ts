import assert from "node:assert/strict";
import test from "node:test";
import type { Frame } from "../types.ts";
import { GreySampler } from "./grey-sampler.ts";

const slope: Frame = {
  data: Uint8Array.from({ length: 64 * 32 }, (_, at) => 2 * (at % 64) + Math.floor(at / 64)),
  ...{ width: 64, height: 32, pixelFormat: "gray8", index: 0, timestampSeconds: 0 },
};

function cut(frame: Frame, piece: { x: number; y: number; scale: number; width: number; height: number }): number[] {
  const sampler = new GreySampler();
  sampler.load(frame);
  const roots = new Float32Array(piece.width * piece.height);
  sampler.cut(piece, roots);
  return [...roots].map((root) => root * root);
}

test("a piece at its own size holds the frame's pixels, as square roots", () => {
  const piece = cut(slope, { x: 10, y: 5, scale: 1, width: 3, height: 2 });
  for (const [at, value] of [25, 27, 29, 26, 28, 30].entries()) assert.ok(Math.abs(piece[at]! - value) < 1e-4);
});

for (const scale of [0.1, 0.3, 0.5, 0.8, 1.5]) {
  test(`a slope stays a slope at scale ${scale}`, () => {
    const [x, y, width, height] = [20, 10, 3, 2];
    cut(slope, { x, y, scale, width, height }).forEach((value, at) => {
      const [left, top] = [x + ((at % width) + 0.5) / scale - 0.5, y + (Math.floor(at / width) + 0.5) / scale - 0.5];
      assert.ok(Math.abs(value - (2 * left + top)) < 1, `${value} at ${left},${top}`);
    });
  });
}

test("outside the frame the nearest pixel is repeated", () => {
  const piece = cut(slope, { x: -5, y: -5, scale: 1, width: 2, height: 2 });
  assert.deepEqual(piece, [0, 0, 0, 0]);
  const corner = cut(slope, { x: 70, y: 40, scale: 1, width: 1, height: 1 });
  assert.ok(Math.abs(corner[0]! - 157) < 1e-3);
});

test("strong reduction takes all pixels into account", () => {
  const stripes = { ...slope, data: slope.data.map((_, at) => (at % 2 === 0 ? 0 : 200)) };
  for (const value of cut(stripes, { x: 8, y: 8, scale: 0.25, width: 4, height: 4 })) assert.ok(Math.abs(value - 100) < 1, `${value}`);
});

test("a coloured frame is made grey once, and the grey frame comes back", () => {
  const data = new Uint8Array(16 * 16 * 3).fill(90);
  const grey = new GreySampler().load({ data, width: 16, height: 16, pixelFormat: "rgb24", index: 3, timestampSeconds: 0.1 });
  assert.equal(grey.pixelFormat, "gray8");
  assert.equal(grey.index, 3);
  assert.deepEqual(new Set(grey.data), new Set([90]));
});
