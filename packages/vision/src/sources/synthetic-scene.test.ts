import assert from "node:assert/strict";
import test from "node:test";
import type { Truth } from "../types.ts";
import { SyntheticScene } from "./synthetic-scene.ts";

const rendered = (scene: SyntheticScene, index: number): Uint8Array => {
  const data = new Uint8Array(scene.frameBytes);
  scene.render(index, data);
  return data;
};

test("the same seed gives the same pictures, another seed others", () => {
  assert.deepEqual(rendered(new SyntheticScene({ seed: 3 }), 100), rendered(new SyntheticScene({ seed: 3 }), 100));
  assert.notDeepEqual(rendered(new SyntheticScene({ seed: 3 }), 100), rendered(new SyntheticScene({ seed: 4 }), 100));
});

test("a frame does not depend on those rendered before it", () => {
  const scene = new SyntheticScene({ shake: 2 });
  const alone = rendered(scene, 250);
  for (const index of [0, 999, 7]) rendered(scene, index);
  assert.deepEqual(rendered(scene, 250), alone);
});

test("the first seconds are empty, then walkers come and go, each with its own id", () => {
  const scene = new SyntheticScene({ emptySeconds: 1 });
  const frames = Array.from({ length: 900 }, (_, index) => scene.truths(index));
  assert.deepEqual(frames.slice(0, 30).flat(), []);
  const seen = new Map<number, number[]>();
  frames.forEach((truths, index) => {
    assert.equal(new Set(truths.map(({ id }) => id)).size, truths.length);
    for (const { id } of truths) seen.set(id, [...(seen.get(id) ?? []), index]);
  });
  assert.ok(seen.size > 10, `${seen.size} walkers`);
  for (const [id, at] of seen) assert.equal(at.at(-1)! - at[0]! + 1, at.length, `walker ${id} is there without a gap`);
});

test("boxes are exact: without noise, everything outside them is the bare ground and every edge holds a pixel of the figure", () => {
  const options = { noise: 0, drift: 0, pixelFormat: "gray8", crossEverySeconds: 0 } as const;
  const scene = new SyntheticScene(options);
  const ground = rendered(new SyntheticScene({ ...options, emptySeconds: 1e9 }), 0);
  const data = new Uint8Array(scene.frameBytes);
  const truths = scene.render(200, data);
  assert.ok(truths.length >= 3);
  const { width } = scene.info;
  const changed = new Set<number>();
  for (let at = 0; at < data.length; at++) if (data[at] !== ground[at]) changed.add(at);
  for (const at of changed) {
    const [x, y] = [at % width, Math.floor(at / width)];
    assert.ok(
      truths.some(({ box }) => x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height),
      `pixel ${x},${y}`,
    );
  }
  for (const { box } of truths) {
    const touched = (wanted: (x: number, y: number) => boolean): boolean => [...changed].some((at) => wanted(at % width, Math.floor(at / width)));
    const inRows = (y: number): boolean => y >= box.y && y < box.y + box.height;
    const inColumns = (x: number): boolean => x >= box.x && x < box.x + box.width;
    assert.ok(touched((x, y) => x === box.x && inRows(y)) && touched((x, y) => x === box.x + box.width - 1 && inRows(y)));
    assert.ok(touched((x, y) => y === box.y && inColumns(x)) && touched((x, y) => y === box.y + box.height - 1 && inColumns(x)));
  }
});

test("who is hidden, or is still coming in, is seen in part", () => {
  const scene = new SyntheticScene({ crossEverySeconds: 3 });
  const truths: Truth[] = [];
  for (let index = 0; index < 600; index += 2) truths.push(...scene.truths(index));
  assert.ok(truths.every(({ visibleFraction }) => visibleFraction >= 0 && visibleFraction <= 1));
  const inside = truths.filter(({ box }) => box.x > 5 && box.x + box.width < 635);
  assert.ok(
    inside.some(({ visibleFraction }) => visibleFraction < 0.4),
    "somebody is hidden inside the frame",
  );
  const entering = truths.filter(({ box }) => box.x === 0 && box.width < 10);
  assert.ok(entering.length > 0 && entering.every(({ visibleFraction }) => visibleFraction < 0.6));
  const most = inside.filter(({ visibleFraction }) => visibleFraction === 1).length / inside.length;
  assert.ok(most > 0.7, `${most} are seen whole`);
});

test("the shaking camera moves figures and ground alike", () => {
  const still = new SyntheticScene({ noise: 0, drift: 0 });
  const shaken = new SyntheticScene({ noise: 0, drift: 0, shake: 3 });
  const moves = new Set<string>();
  for (let index = 150; index < 170; index++) {
    const a = still.truths(index).find(({ box }) => box.x > 20 && box.x + box.width < 620)!;
    const b = shaken.truths(index).find(({ id }) => id === a.id)!;
    assert.ok(Math.abs(a.box.x - b.box.x) <= 4 && Math.abs(a.box.y - b.box.y) <= 3);
    moves.add(`${b.box.x - a.box.x},${b.box.y - a.box.y}`);
  }
  assert.ok(moves.size > 5);
});

test("a buffer that is too small and sizes that make no picture are refused", () => {
  const scene = new SyntheticScene({ width: 64, height: 64 });
  assert.equal(scene.frameBytes, 64 * 64 * 3);
  assert.throws(() => scene.render(0, new Uint8Array(100)), /100 bytes cannot hold a frame of 12288/);
  assert.throws(() => new SyntheticScene({ width: 0 }), /width is 0\. Give a whole number from 16/);
  assert.throws(() => new SyntheticScene({ noise: Number.NaN }), /noise is NaN/);
});
