import assert from "node:assert/strict";
import test from "node:test";
import type { Detection } from "../types.ts";
import { suppressed } from "./nms.ts";

const detection = (x: number, confidence: number, { width = 10, label = "person" } = {}): Detection => ({
  box: { x, y: 0, width, height: 10 },
  label,
  confidence,
});

test("of boxes that overlap, the most confident stays", () => {
  const [weak, strong, far] = [detection(0, 0.5), detection(2, 0.9), detection(50, 0.4)];
  assert.deepEqual(suppressed([weak, strong, far]), [strong, far]);
});

test("a box that lost does not drop others in its turn", () => {
  // b loses to a; c overlaps b but not a.
  const [a, b, c] = [detection(0, 0.9), detection(3, 0.8), detection(6, 0.7)];
  assert.deepEqual(suppressed([c, b, a]), [a, c]);
});

test("other labels are left alone, unless they are wanted to count", () => {
  const [person, car] = [detection(0, 0.9), detection(0, 0.8, { label: "car" })];
  assert.equal(suppressed([person, car]).length, 2);
  assert.deepEqual(suppressed([person, car], { acrossLabels: true }), [person]);
});

test("a small box inside a larger one is dropped only if that is asked for", () => {
  const [large, small] = [detection(0, 0.9, { width: 100 }), detection(20, 0.8)];
  assert.equal(suppressed([large, small]).length, 2);
  assert.deepEqual(suppressed([large, small], { inside: 0.6 }), [large]);
});

test("nothing comes of nothing", () => {
  assert.deepEqual(suppressed([]), []);
});
