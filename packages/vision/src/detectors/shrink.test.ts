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
