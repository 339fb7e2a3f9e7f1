import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { NATIVE_CELLS, nativeObserve, nativeRead, nativeReset } from "./native.ts";
import { quantileOfBuckets } from "./quantile.ts";
import { type HistogramPoint, type NativeHistogram, nativeCount } from "./snapshot.ts";

type Buckets = readonly (readonly [upperBound: number, count: number])[];
const INF = Number.POSITIVE_INFINITY;

const classic = (buckets: Buckets): HistogramPoint => ({ count: buckets.at(-1)?.[1] ?? 0, sum: 0, buckets });
const native = (histogram: NativeHistogram): HistogramPoint => ({ count: nativeCount(histogram), sum: 0, buckets: [], native: histogram });

function nativeOf(values: readonly number[], schema = 5): NativeHistogram {
  const cells = new Float64Array(NATIVE_CELLS);
  nativeReset(cells, 0, schema);
  for (const value of values) nativeObserve(cells, 0, value);
  return nativeRead(cells, 0);
}

/** Written down from the description of histogram_quantile in Prometheus' documentation, as a walk over [lower, upper, count]. */
function promQlClassic(q: number, buckets: Buckets): number {
  const count = buckets.at(-1)![1];
  if (count === 0 || buckets.length < 2) return Number.NaN;
  const b = buckets.findIndex(([, upTo]) => upTo >= q * count);
  if (b === buckets.length - 1) return buckets[b - 1]![0];
  if (b === 0 && buckets[0]![0] <= 0) return buckets[0]![0];
  const [start, before] = b === 0 ? [0, 0] : buckets[b - 1]!;
  return start + (buckets[b]![0] - start) * ((q * count - before) / (buckets[b]![1] - before));
}

function promQlNative(q: number, { schema, zeroThreshold, zeroCount, positive, negative }: NativeHistogram): number {
  const bound = (index: number): number => 2 ** (index * 2 ** -schema);
  const all = [
    ...negative.counts.map((n, k) => [-bound(negative.offset + k), -bound(negative.offset + k - 1), n] as const).reverse(),
    [
      negative.counts.length === 0 && positive.counts.length > 0 ? 0 : -zeroThreshold,
      positive.counts.length === 0 && negative.counts.length > 0 ? 0 : zeroThreshold,
      zeroCount,
    ] as const,
    ...positive.counts.map((n, k) => [bound(positive.offset + k - 1), bound(positive.offset + k), n] as const),
  ].filter(([, , n]) => n > 0);
  const total = all.reduce((sum, [, , n]) => sum + n, 0);
  const fromBelow = q < 0.5;
  const order = fromBelow ? all : all.toReversed();
  let rank = (fromBelow ? q : 1 - q) * total;
  let cumulated = 0;
  const [lower, upper, n] = order.find(([, , each]) => (cumulated += each) >= rank)!;
  rank = fromBelow ? rank - (cumulated - n) : cumulated - rank;
  const fraction = rank / n;
  if (lower <= 0 && upper >= 0) return lower + (upper - lower) * fraction;
  const [logLower, logUpper] = [Math.log2(Math.abs(lower)), Math.log2(Math.abs(upper))];
  return lower > 0 ? 2 ** (logLower + (logUpper - logLower) * fraction) : -(2 ** (logUpper + (logLower - logUpper) * (1 - fraction)));
}

const share = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0.25, 0.5, 0.75, 0.9, 0.99, 1));

describe("quantileOfBuckets of a classic histogram", () => {
  it("follows PromQL's rules for any bounds and counts", () => {
    const bounds = fc.uniqueArray(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 10 }).map((all) => all.sort((a, b) => a - b));
    fc.assert(
      fc.property(bounds, fc.array(fc.nat(5), { minLength: 11, maxLength: 11 }), share, (upper, counts, q) => {
        let count = 0;
        const buckets = [...upper, INF].map((bound, k) => [bound, (count += counts[k]!)] as const);
        fc.pre(!(q === 0 && buckets[0]![1] === 0 && count > 0)); // see the next test
        assert.equal(quantileOfBuckets(classic(buckets), q), promQlClassic(q, buckets));
      }),
    );
  });

  it("gives for quantile 0 the lower end of the first bucket that holds something", () => {
    assert.equal(
      quantileOfBuckets(
        classic([
          [1, 0],
          [2, 0],
          [4, 3],
          [INF, 3],
        ]),
        0,
      ),
      2,
    );
    assert.equal(
      quantileOfBuckets(
        classic([
          [1, 2],
          [INF, 2],
        ]),
        0,
      ),
      0,
    );
    assert.equal(
      quantileOfBuckets(
        classic([
          [1, 0],
          [INF, 2],
        ]),
        0,
      ),
      1,
    );
  });

  const point = classic([
    [0.1, 10],
    [0.5, 30],
    [1, 40],
    [INF, 50],
  ]);
  const cases: readonly (readonly [what: string, point: HistogramPoint, q: number, value: number])[] = [
    ["inside the first bucket, from 0", point, 0.1, 0.05],
    ["inside the second", point, 0.4, 0.3],
    ["on a bound", point, 0.6, 0.5],
    ["in +Inf, the highest finite bound", point, 0.95, 1],
    ["of 1, the highest finite bound", point, 1, 1],
    [
      "in a first bucket whose bound is not positive, that bound",
      classic([
        [-1, 5],
        [INF, 5],
      ]),
      0.5,
      -1,
    ],
    [
      "below a negative first bound, interpolated from it",
      classic([
        [-3, 0],
        [-1, 4],
        [INF, 4],
      ]),
      0.5,
      -2,
    ],
    [
      "of an empty histogram",
      classic([
        [1, 0],
        [INF, 0],
      ]),
      0.5,
      Number.NaN,
    ],
    ["with no bound but +Inf", classic([[INF, 5]]), 0.5, Number.NaN],
    ["below 0", point, -0.1, Number.NaN],
    ["above 1", point, 1.1, Number.NaN],
    ["that is NaN", point, Number.NaN, Number.NaN],
    ["without any buckets", { count: 5, sum: 1, buckets: [] }, 0.5, Number.NaN],
  ];
  for (const [what, from, q, value] of cases) {
    it(`is right for a quantile ${what}`, () => {
      const got = quantileOfBuckets(from, q);
      assert.ok(Object.is(got, value) || Math.abs(got - value) < 1e-12, `${got}`);
    });
  }
});

describe("quantileOfBuckets of a native histogram", () => {
  it("follows PromQL's rules for any numbers", () => {
    const value = fc.oneof(fc.double({ min: 1e-3, max: 1e3, noNaN: true }), fc.double({ min: -1e3, max: -1e-3, noNaN: true }), fc.constant(0));
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 50 }), share, fc.integer({ min: 0, max: 8 }), (values, q, schema) => {
        const histogram = nativeOf(values, schema);
        const [got, right] = [quantileOfBuckets(native(histogram), q), promQlNative(q, histogram)];
        assert.ok(Math.abs(got - right) <= 1e-9 * Math.abs(right) + 1e-30, `${got}, PromQL ${right}`);
      }),
      { numRuns: 200 },
    );
  });

  it("is within a bucket's width of the exact quantile", () => {
    const values = Array.from({ length: 1001 }, (_, k) => Math.exp(k / 200));
    const histogram = nativeOf(values, 3);
    for (const q of [0, 0.01, 0.25, 0.5, 0.75, 0.99, 1]) {
      const exact = values[Math.round(q * 1000)]!;
      const got = quantileOfBuckets(native(histogram), q);
      assert.ok(Math.abs(Math.log2(got / exact)) <= 2 ** -histogram.schema + 1e-9, `${q}: ${got}, exact ${exact}`);
    }
  });

  it("puts zeros on the side where there are values", () => {
    const wide = { ...nativeOf([0, 0, 8]), zeroThreshold: 0.5 };
    assert.equal(quantileOfBuckets(native(wide), 0.4), 0.5 * 0.4 * 1.5);
    const below = { ...nativeOf([0, 0, -8]), zeroThreshold: 0.5 };
    assert.equal(quantileOfBuckets(native(below), 1), 0);
    const alone = { ...nativeOf([0, 0]), zeroThreshold: 0.5 };
    assert.deepEqual(
      [0, 1].map((q) => quantileOfBuckets(native(alone), q)),
      [-0.5, 0.5],
    );
  });

  it("stays finite at the largest numbers, and is NaN without any", () => {
    assert.deepEqual(
      [0, 1].map((q) => quantileOfBuckets(native(nativeOf([-Number.MAX_VALUE, Number.MAX_VALUE])), q)),
      [-Number.MAX_VALUE, Number.MAX_VALUE],
    );
    assert.ok(Number.isNaN(quantileOfBuckets(native(nativeOf([])), 0.5)));
  });
});
