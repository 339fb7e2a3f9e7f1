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

test("a coloured frame is made grey where it is needed, and anew for the next frame", () => {
  const sampler = new GreySampler();
  for (const level of [90, 30]) {
    sampler.load({ data: new Uint8Array(16 * 16 * 3).fill(level), width: 16, height: 16, pixelFormat: "rgb24", index: 0, timestampSeconds: 0 });
    for (const piece of [
      { y: 12, scale: 1 },
      { y: -9, scale: 1 },
      { y: 30, scale: 1.3 },
      { y: 4, scale: 0.4 },
    ]) {
      const roots = new Float32Array(9);
      sampler.cut({ x: 3, width: 3, height: 3, ...piece }, roots);
      for (const root of roots) assert.ok(Math.abs(root * root - level) < 1.01, `${root * root} at ${piece.y}`);
    }
  }
});

test("frames of another shape with as many pixels are not mixed up", () => {
  const sampler = new GreySampler();
  const show = (width: number, height: number, level: number): number => {
    sampler.load({ data: new Uint8Array(width * height * 3).fill(level), width, height, pixelFormat: "rgb24", index: 0, timestampSeconds: 0 });
    const roots = new Float32Array(4);
    sampler.cut({ x: width - 2, y: height - 2, scale: 1, width: 2, height: 2 }, roots);
    return Math.round(roots[3]! ** 2);
  };
  assert.deepEqual([show(16, 8, 50), show(8, 16, 100), show(16, 8, 200)], [50, 100, 200]);
});

test("the pixels of a grey frame are never written to", () => {
  const sampler = new GreySampler();
  const grey = new Uint8Array(16 * 16).fill(77);
  sampler.load({ data: grey, width: 16, height: 16, pixelFormat: "gray8", index: 0, timestampSeconds: 0 });
  sampler.load({ data: new Uint8Array(16 * 16 * 3), width: 16, height: 16, pixelFormat: "rgb24", index: 1, timestampSeconds: 0 });
  sampler.cut({ x: 0, y: 0, scale: 1, width: 16, height: 16 }, new Float32Array(256));
  assert.ok(grey.every((value) => value === 77));
});
