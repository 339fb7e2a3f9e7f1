import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { byteBuckets, checkedBuckets, exponentialBuckets, latencyBuckets, linearBuckets, MAX_BUCKETS, ratioBuckets } from "./buckets.ts";

const refusal = (message: RegExp) => ({ name: "InferometerError", code: "BUCKETS_INVALID", message });

describe("linearBuckets and exponentialBuckets", () => {
  it("lay bounds side by side or by a factor", () => {
    assert.deepEqual(linearBuckets(10, 5, 3), [10, 15, 20]);
    assert.deepEqual(linearBuckets(-1, 1, 3), [-1, 0, 1]);
    assert.deepEqual(exponentialBuckets(0.001, 2, 4), [0.001, 0.002, 0.004, 0.008]);
    assert.equal(linearBuckets(0, 1, MAX_BUCKETS).length, MAX_BUCKETS);
  });

  const mistakes: readonly (readonly [what: string, make: () => unknown, message: RegExp])[] = [
    ["a start that is NaN", () => linearBuckets(Number.NaN, 1, 3), /start is NaN; give a finite number/],
    ["a width of 0", () => linearBuckets(0, 0, 3), /width is 0; give a positive number/],
    ["an infinite width", () => linearBuckets(0, Number.POSITIVE_INFINITY, 3), /width is Infinity/],
    ["a count of 0", () => linearBuckets(0, 1, 0), /count is 0; give a whole number from 1 to 1000/],
    ["a count of 2.5", () => exponentialBuckets(1, 2, 2.5), /count is 2.5/],
    ["a count over the limit", () => exponentialBuckets(1, 2, MAX_BUCKETS + 1), /count is 1001/],
    ["an exponential start of 0", () => exponentialBuckets(0, 2, 3), /start is 0; give a positive number/],
    ["a factor of 1", () => exponentialBuckets(1, 1, 3), /factor is 1; give a number above 1/],
    ["a factor that is a text", () => exponentialBuckets(1, "2x" as never, 3), /factor is "2x"/],
    ["a width too small to tell bounds apart", () => linearBuckets(1e300, 1, 3), /bound 1 is 1e\+300, not above 1e\+300/],
    ["bounds beyond the largest number", () => exponentialBuckets(1e200, 1e200, 3), /bound 1 is Infinity; every bound must be a finite number/],
  ];
  for (const [what, make, message] of mistakes) it(`refuse ${what}`, () => assert.throws(make, refusal(message)));
});

describe("checkedBuckets", () => {
  it("copies the bounds and drops a last +Inf", () => {
    const bounds = [1, 2, Number.POSITIVE_INFINITY];
    const checked = checkedBuckets(bounds);
    bounds[0] = 99;
    assert.deepEqual(checked, [1, 2]);
  });

  const mistakes: readonly (readonly [what: string, bounds: unknown, message: RegExp])[] = [
    ["no array", 5, /they are 5; give an array of numbers, such as latencyBuckets/],
    ["no bounds", [], /there are none; give at least one finite upper bound/],
    ["+Inf alone", [Number.POSITIVE_INFINITY], /there are none/],
    ["bounds out of order", [1, 3, 2], /bound 2 is 2, not above 3 before it; list upper bounds in ascending order, each once/],
    ["a bound twice", [1, 2, 2], /bound 2 is 2, not above 2/],
    ["NaN", [1, Number.NaN], /bound 1 is NaN; every bound must be a finite number/],
    ["+Inf in the middle", [1, Number.POSITIVE_INFINITY, 3], /bound 1 is Infinity/],
    ["-Inf", [Number.NEGATIVE_INFINITY, 1], /bound 0 is -Infinity/],
    ["a text", [1, "2"], /bound 1 is "2"/],
    ["a hole", [1, undefined, 3], /bound 1 is undefined/],
    ["too many", Array.from({ length: MAX_BUCKETS + 1 }, (_, k) => k), /there are 1001, more than 1000; use a native histogram/],
  ];
  for (const [what, bounds, message] of mistakes)
    it(`refuses ${what}`, () => assert.throws(() => checkedBuckets(bounds as number[]), refusal(message)));
});

describe("the presets", () => {
  it("are usable as they are", () => {
    for (const preset of [latencyBuckets, byteBuckets, ratioBuckets]) assert.deepEqual(checkedBuckets(preset), preset);
    assert.deepEqual(byteBuckets.slice(0, 3), exponentialBuckets(256, 4, 3));
  });
});
