import assert from "node:assert/strict";
import test from "node:test";
import { atLeast, type Bound, COUNT, checkOptions, POSITIVE, SHARE } from "./option-check.ts";

const BOUNDS: readonly (readonly [string, Bound, readonly number[], readonly number[]])[] = [
  ["a share", SHARE, [0, 0.5, 1], [-0.001, 1.001, Number.NaN, Number.POSITIVE_INFINITY]],
  ["a number above 0", POSITIVE, [1e-9, 500], [0, -1, Number.NaN, Number.POSITIVE_INFINITY]],
  ["a count", COUNT, [1, 300], [0, 1.5, Number.NaN, Number.POSITIVE_INFINITY]],
  ["24 or more", atLeast(24), [24, Number.POSITIVE_INFINITY], [23.9, Number.NaN]],
];
for (const [what, bound, good, bad] of BOUNDS) {
  test(`takes ${what}, and nothing else`, () => {
    for (const value of good) assert.doesNotThrow(() => checkOptions({ value }, bound));
    for (const value of bad) assert.throws(() => checkOptions({ value }, bound), { code: "OPTION_INVALID" });
  });
}

test("names the option, its value and the way out", () => {
  assert.throws(() => checkOptions({ iou: 0.5, confidence: Number.NaN }, SHARE), { message: "confidence is NaN. Give a number from 0 to 1." });
  assert.throws(() => checkOptions({ height: 3 }, atLeast(24, { of: "pixels" })), { message: "height is 3. Give 24 pixels or more." });
});
