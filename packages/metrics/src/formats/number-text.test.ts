import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { boundText, canonicalText, numberText, readNumber } from "./number-text.ts";

describe("canonicalText", () => {
  // The specification's own examples, and Go's %g around the places where the notation changes.
  for (const [bound, text] of [
    [0, "0.0"],
    [0.001, "0.001"],
    [0.9, "0.9"],
    [1, "1.0"],
    [1.7, "1.7"],
    [10, "10.0"],
    [1e-10, "1e-10"],
    [1e-9, "1e-09"],
    [1e-5, "1e-05"],
    [0.0001, "0.0001"],
    [100_000, "100000.0"],
    [1e6, "1e+06"],
    [1e10, "1e+10"],
    [1.1e23, "1.1e+23"],
    [123_456.7, "123456.7"],
    [1_234_567, "1.234567e+06"],
    [-1, "-1.0"],
    [-2.5e-7, "-2.5e-07"],
    [1e100, "1e+100"],
    [Number.POSITIVE_INFINITY, "+Inf"],
  ] as const) {
    it(`writes ${bound} as ${text}`, () => assert.equal(canonicalText(bound), text));
  }
});

it("boundText shows whole numbers without a point", () => {
  assert.deepEqual([1, 0.5, 1e6, 25, Number.POSITIVE_INFINITY].map(boundText), ["1", "0.5", "1e+06", "25", "+Inf"]);
});

it("any double survives in any of the three spellings", () => {
  fc.assert(
    fc.property(fc.double(), (value) => {
      assert.deepEqual(readNumber(numberText(value)), value);
      assert.equal(readNumber(boundText(value)), value);
      assert.equal(readNumber(canonicalText(value)), value);
    }),
  );
});

describe("readNumber", () => {
  for (const [text, value] of [
    ["0042", 42],
    ["+1.5E+3", 1500],
    ["5.", 5],
    [".5", 0.5],
    ["nan", Number.NaN],
    ["INF", Number.POSITIVE_INFINITY],
    ["-Infinity", Number.NEGATIVE_INFINITY],
  ] as const) {
    it(`reads ${text}`, () => assert.deepEqual(readNumber(text), value));
  }

  for (const text of ["", " 1", "1 ", "1_000", "0x10", "1e", ".", "-", "+NaN", "infin", "1e999", "1,5", "١"]) {
    it(`does not take ${JSON.stringify(text)} for a number`, () => assert.equal(readNumber(text), undefined));
  }
});
