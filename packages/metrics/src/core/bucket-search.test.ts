import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { bucketSearch } from "./bucket-search.ts";

const f64 = new Float64Array(1);
const u32 = new Uint32Array(f64.buffer);

/** The two lines that counter paths hold; see BucketSearch. */
function bucketOf(bounds: readonly number[], value: number): number {
  const search = bucketSearch(bounds);
  f64[0] = value;
  let k = search.guesses[u32[1]! >>> 18]!;
  while (value > search.bounds[k]!) k++;
  return k;
}

function byScan(bounds: readonly number[], value: number): number {
  const k = bounds.findIndex((bound) => value <= bound);
  return k === -1 ? bounds.length : k;
}

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const ascending = (numbers: readonly number[]): number[] => [...new Set(numbers.map((n) => n + 0))].sort((a, b) => a - b);

describe("bucketSearch", () => {
  it("finds the bucket that a scan from the left finds, for any bounds and values, negative ones included", () => {
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1, maxLength: 30 }), fc.array(finite, { maxLength: 20 }), (numbers, values) => {
        const bounds = ascending(numbers);
        for (const value of [...values, ...bounds, 0, -0, 5e-324, -5e-324, Number.MAX_VALUE, -Number.MAX_VALUE])
          assert.equal(bucketOf(bounds, value), byScan(bounds, value), `${value} in ${bounds}`);
      }),
      { numRuns: 60 },
    );
  });

  it("finds it with more than 256 bounds, and with bounds so close that one guess covers many", () => {
    const bounds = Array.from({ length: 1000 }, (_, k) => 1 + k / 100_000);
    for (let k = 0; k < 1000; k += 7) {
      assert.equal(bucketOf(bounds, bounds[k]!), k);
      assert.equal(bucketOf(bounds, bounds[k]! + 1e-9), byScan(bounds, bounds[k]! + 1e-9));
    }
  });

  it("gives a value on a bound to the bucket that ends there", () => {
    assert.deepEqual(
      [0.1, 0.25, 0.2500001, 1, 2].map((value) => bucketOf([0.1, 0.25, 1], value)),
      [0, 1, 2, 2, 3],
    );
  });

  it("puts everything into one bucket when there is no bound", () => {
    assert.deepEqual(
      [-1, 0, 1e300].map((value) => bucketOf([], value)),
      [0, 0, 0],
    );
  });

  it("shares its table between histograms with equal bounds only", () => {
    assert.equal(bucketSearch([1, 2, 3]), bucketSearch([1, 2, 3]));
    assert.notEqual(bucketSearch([1, 2, 3]), bucketSearch([1, 23]));
  });
});
