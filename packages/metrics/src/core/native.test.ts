import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { coarser, exponentialIndex } from "./exponential.ts";
import { NATIVE_CELLS, nativeAt, nativeObserve, nativeRead, nativeReset, VERSION, ZERO_THRESHOLD } from "./native.ts";
import { type NativeBuckets, type NativeHistogram, nativeCount } from "./snapshot.ts";

const WINDOW = 160;

/** What a native histogram should hold: all values are kept, and the finest schema is chosen at which both sides fit. */
function model(values: readonly number[], finest: number): NativeHistogram {
  const sides = [values.filter((v) => v > ZERO_THRESHOLD), values.filter((v) => v < -ZERO_THRESHOLD).map((v) => -v)] as const;
  const fits = (schema: number): boolean => sides.every((side) => side.length === 0 || span(side, schema) <= WINDOW);
  let schema = finest;
  while (!fits(schema)) schema--;
  return {
    schema,
    zeroThreshold: ZERO_THRESHOLD,
    zeroCount: values.length - sides[0].length - sides[1].length,
    positive: counted(sides[0], schema),
    negative: counted(sides[1], schema),
  };
}

const indexes = (side: readonly number[], schema: number): number[] => side.map((value) => coarser(exponentialIndex(value), schema));

function span(side: readonly number[], schema: number): number {
  const all = indexes(side, schema);
  return Math.max(...all) - Math.min(...all) + 1;
}

function counted(side: readonly number[], schema: number): NativeBuckets {
  if (side.length === 0) return { offset: 0, counts: [] };
  const all = indexes(side, schema);
  const offset = Math.min(...all);
  const counts = new Array<number>(Math.max(...all) - offset + 1).fill(0);
  for (const index of all) counts[index - offset]!++;
  return { offset, counts };
}

const AT = 3; // somewhere in a row

function observed(values: readonly number[], schema: number): Float64Array {
  const cells = new Float64Array(AT + NATIVE_CELLS + 2).fill(-7, 0, AT).fill(-7, AT + NATIVE_CELLS);
  nativeReset(cells, AT, schema);
  for (const value of values) nativeObserve(cells, AT, value);
  assert.ok(
    [...cells.subarray(0, AT), ...cells.subarray(AT + NATIVE_CELLS)].every((cell) => cell === -7),
    "nothing is written outside",
  );
  return cells;
}

const latency = fc.double({ min: 1e-4, max: 10, noNaN: true });
const anything = fc.double({ noNaN: true, noDefaultInfinity: true });
const nearZero = fc.constantFrom(0, -0, 5e-324, -5e-324, ZERO_THRESHOLD, -ZERO_THRESHOLD, ZERO_THRESHOLD * 1.0001, -ZERO_THRESHOLD * 1.0001);
const octaves = fc.integer({ min: -30, max: 30 }).map((exponent) => 2 ** exponent);
const some = fc.oneof(
  latency,
  latency.map((v) => -v),
  octaves,
  octaves.map((v) => -v),
  nearZero,
);

describe("a native histogram", () => {
  it("equals an exact model for latencies, powers of two, negative numbers and zeros", () => {
    fc.assert(
      fc.property(fc.array(some, { maxLength: 80 }), fc.integer({ min: 0, max: 8 }), (values, schema) => {
        assert.deepEqual(nativeRead(observed(values, schema), AT), model(values, schema));
      }),
      { numRuns: 150 },
    );
  });

  it("equals it for any finite numbers, however far apart", () => {
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 40 }), fc.integer({ min: 0, max: 8 }), (values, schema) => {
        assert.deepEqual(nativeRead(observed(values, schema), AT), model(values, schema));
      }),
      { numRuns: 150 },
    );
  });

  it("equals it after every single value of a range that widens on both sides", () => {
    const values = Array.from({ length: 120 }, (_, k) => (k % 3 === 0 ? -1 : 1) * 1.07 ** (k % 2 === 0 ? k : -k));
    for (let k = 1; k <= values.length; k++) assert.deepEqual(nativeRead(observed(values.slice(0, k), 8), AT), model(values.slice(0, k), 8));
  });

  it("holds the largest and the smallest numbers together", () => {
    const values = [Number.MAX_VALUE, -Number.MAX_VALUE, 2 ** -127, -(2 ** -127), 0, 5e-324];
    const native = nativeRead(observed(values, 8), AT);
    assert.equal(nativeCount(native), values.length);
    assert.deepEqual(native, model(values, 8));
    assert.equal(native.schema, -3);
  });

  it("is empty after a reset of zeroed cells", () => {
    const empty = {
      schema: 5,
      zeroThreshold: ZERO_THRESHOLD,
      zeroCount: 0,
      positive: { offset: 0, counts: [] },
      negative: { offset: 0, counts: [] },
    };
    assert.deepEqual(nativeRead(observed([], 5), AT), empty);
  });

  it("has an even version whenever it is at rest, and a new one after cells were moved", () => {
    const cells = observed([1], 8);
    const before = cells[AT + VERSION]!;
    nativeObserve(cells, AT, 1e9);
    assert.ok(cells[AT + VERSION]! > before);
    assert.equal(cells[AT + VERSION]! % 2, 0);
  });
});

describe("nativeAt", () => {
  it("gives what a coarser histogram of the same values holds", () => {
    fc.assert(
      fc.property(fc.array(some, { maxLength: 60 }), fc.integer({ min: -4, max: 8 }), (values, schema) => {
        const fine = model(values, 8);
        const coarse = nativeAt(schema, fine);
        if (schema >= fine.schema) assert.equal(coarse, fine);
        else assert.deepEqual(coarse, { ...model(values, schema), schema });
      }),
      { numRuns: 100 },
    );
  });
});
