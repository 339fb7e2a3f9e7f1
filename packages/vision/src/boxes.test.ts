import assert from "node:assert/strict";
import test from "node:test";
import { clipped, intersection, iou, union } from "./boxes.ts";

const box = (x: number, y: number, width: number, height: number) => ({ x, y, width, height });

test("boxes that only touch share nothing", () => {
  assert.equal(intersection(box(0, 0, 10, 10), box(10, 0, 10, 10)), 0);
  assert.equal(iou(box(0, 0, 10, 10), box(0, 10, 10, 10)), 0);
});

test("intersection over union counts the shared pixels once", () => {
  assert.equal(intersection(box(0, 0, 10, 10), box(5, 5, 10, 10)), 25);
  assert.equal(iou(box(0, 0, 10, 10), box(5, 5, 10, 10)), 25 / 175);
  assert.equal(iou(box(0, 0, 10, 10), box(0, 0, 10, 10)), 1);
});

test("an empty box overlaps nothing, itself included", () => {
  assert.equal(iou(box(3, 3, 0, 0), box(3, 3, 0, 0)), 0);
});

test("a box is cut at the edges of the frame", () => {
  const frame = { width: 100, height: 50 };
  assert.deepEqual(clipped(box(-5, 40, 20, 20), frame), box(0, 40, 15, 10));
  assert.deepEqual(clipped(box(120, 60, 5, 5), frame), box(100, 50, 0, 0));
});

test("the union is the smallest box around both", () => {
  assert.deepEqual(union(box(0, 5, 10, 10), box(20, 0, 5, 5)), box(0, 0, 25, 15));
});
