import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { coarser, exponentialIndex } from "./exponential.ts";

/** The neighbours of a positive number, a bit up and a bit down. */
function neighbour(value: number, step: 1n | -1n): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setBigUint64(0, view.getBigUint64(0) + step);
  return view.getFloat64(0);
}

/** value^256 against 2^index, in whole numbers: whether value is at most the bound 2^(index/256), without any rounding. */
function atMost(value: number, index: number): boolean {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponent = Number((bits >> 52n) & 0x7ffn) - 1075; // value = mantissa * 2^exponent, for normal numbers
  const mantissa = (bits & ((1n << 52n) - 1n)) | (1n << 52n);
  const shift = exponent * 256 - index; // mantissa^256 * 2^shift <= 1 ?
  const power = mantissa ** 256n;
  return shift >= 0 ? power << BigInt(shift) <= 1n : power <= 1n << BigInt(-shift);
}

const normal = fc.double({ min: 2 ** -128, max: Number.MAX_VALUE, noNaN: true });

describe("exponentialIndex", () => {
  it("is exact to the last bit at every bound of an octave", () => {
    for (let k = 0; k < 256; k++) {
      let bound = 2 ** (k / 256);
      if (!atMost(bound, k)) bound = neighbour(bound, -1n);
      assert.ok(atMost(bound, k) && !atMost(neighbour(bound, 1n), k), `a bound of ${k}`);
      assert.equal(exponentialIndex(bound), k);
      assert.equal(exponentialIndex(neighbour(bound, 1n)), k + 1);
    }
  });

  it("gives powers of two to the bucket that ends there", () => {
    for (let exponent = -128; exponent <= 1023; exponent++) {
      assert.equal(exponentialIndex(2 ** exponent), exponent * 256);
      assert.equal(exponentialIndex(neighbour(2 ** exponent, 1n)), exponent * 256 + 1);
    }
  });

  it("holds base^(index-1) < value <= base^index for any number", () => {
    fc.assert(
      fc.property(normal, (value) => {
        const index = exponentialIndex(value);
        assert.ok(atMost(value, index) && !atMost(value, index - 1));
      }),
      { numRuns: 60 },
    );
  });

  it("never falls as the value grows", () => {
    fc.assert(
      fc.property(normal, normal, (a, b) => {
        assert.ok(exponentialIndex(Math.min(a, b)) <= exponentialIndex(Math.max(a, b)));
      }),
    );
  });
});

describe("coarser", () => {
  it("joins 2^(8 - schema) neighbours, also of negative indexes", () => {
    fc.assert(
      fc.property(fc.integer({ min: -270_000, max: 270_000 }), fc.integer({ min: -4, max: 8 }), (index, schema) => {
        assert.equal(coarser(index, schema), Math.ceil(index / 2 ** (8 - schema)) + 0); // no -0
      }),
    );
  });
});
