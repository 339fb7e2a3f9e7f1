import assert from "node:assert/strict";
import test from "node:test";
import { findMotion, scene } from "./motion.ts";

const size = { width: 160, height: 120 };

test("nothing moves in a scene without squares, for all its noise", () => {
  for (let index = 1; index < 50; index++) {
    assert.deepEqual(findMotion(scene(index, { ...size, squares: 0 }), scene(index - 1, { ...size, squares: 0 })), []);
  }
});

test("each moving square is found once, where it is", () => {
  const boxes = findMotion(scene(10, { ...size, squares: 3 }), scene(9, { ...size, squares: 3 }));
  assert.equal(boxes.length, 3);
  boxes.forEach((box, square) => {
    const x = 10 * (3 + square) + square * 41;
    assert.ok(box.x <= x + 8 && x <= box.x + box.width, `square ${square} at ${x}, found ${JSON.stringify(box)}`);
  });
});

test("what changed everywhere is one box of the whole picture", () => {
  const black = { width: 16, height: 16, pixels: new Uint8Array(256) };
  const white = { width: 16, height: 16, pixels: new Uint8Array(256).fill(255) };
  assert.deepEqual(findMotion(white, black), [{ x: 0, y: 0, width: 16, height: 16 }]);
});
