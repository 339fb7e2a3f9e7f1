import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { SKETCH_ERROR, SlidingSketch } from "./sketch.ts";

const QUANTILES = [0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1];

/** By nearest rank, of all values: what a quantile of the window is. */
function exactQuantile(sorted: ArrayLike<number>, quantile: number): number {
  return sorted.length === 0 ? Number.NaN : sorted[Math.max(1, Math.ceil(quantile * sorted.length)) - 1]!;
}

function near(got: number, exact: number, what: string): void {
  if (Number.isNaN(exact)) assert.ok(Number.isNaN(got), `${what}: ${got}, exact NaN`);
  else assert.ok(Math.abs(got - exact) <= SKETCH_ERROR * Math.abs(exact), `${what}: ${got}, exact ${exact}`);
}

function check(values: readonly number[]): void {
  const sketch = new SlidingSketch({ windows: 1, stepMs: 1e9, now: 0 });
  for (const value of values) sketch.add(value, 0);
  const sorted = Float64Array.from(values).sort();
  for (const quantile of QUANTILES) near(sketch.quantile(quantile, 0), exactQuantile(sorted, quantile), `quantile ${quantile}`);
  assert.equal(sketch.count(0), values.length);
}

/** A repeatable stream of numbers in (0, 1): xorshift. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) + 0.5) / 2 ** 32;
  };
}

const normal = (next: () => number): number => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());

describe("the quantiles of a sketch are within 1 % of the exact ones", () => {
  const shapes: Readonly<Record<string, (next: () => number) => number>> = {
    lognormal: (next) => Math.exp(normal(next) * 1.5 - 4),
    bimodal: (next) => (next() < 0.9 ? 0.01 * (1 + normal(next) * 0.05) : 2 * (1 + normal(next) * 0.05)),
    "heavy-tailed": (next) => 0.001 * next() ** (-1 / 0.8),
    "mixed in sign": (next) => normal(next) * Math.exp(normal(next) * 2),
    negative: (next) => -Math.exp(normal(next)),
    "mostly zero": (next) => (next() < 0.7 ? 0 : normal(next)),
    constant: () => 0.125,
  };
  for (const [shape, make] of Object.entries(shapes)) {
    it(`for ${shape} data`, () => {
      assert.ok(SKETCH_ERROR < 0.01);
      const next = random(20_240_601);
      for (const count of [1, 2, 10, 1000, 20_000]) check(Array.from({ length: count }, () => make(next)));
    });
  }

  it("for any normal numbers, the largest included", () => {
    const value = fc.double({ noNaN: true, noDefaultInfinity: true }).map((v) => (Math.abs(v) < 2 ** -1022 ? 0 : v));
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 60 }), (values) => check(values)),
      { numRuns: 60 },
    );
    check([Number.MAX_VALUE, -Number.MAX_VALUE, 2 ** -1022]);
  });

  it("and it does not fail on the subnormal ones", () => {
    const sketch = new SlidingSketch({ windows: 2, stepMs: 10, now: 0 });
    sketch.add(5e-324, 0);
    sketch.add(-5e-324, 0);
    assert.ok(sketch.quantile(1, 0) > 0 && sketch.quantile(1, 0) < 2 ** -1022);
    assert.ok(sketch.quantile(0, 0) < 0);
  });
});

describe("a sliding sketch", () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ value: fc.constantFrom(-2, -0.5, 0, 0.25, 1, 3, 1000) }) },
    { weight: 1, arbitrary: fc.record({ passMs: fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 31, max: 400 })) }) },
  );

  it("holds exactly what an exact model of its parts holds, whatever time passes between", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 40 }), (steps, windows, stepMs) => {
        const sketch = new SlidingSketch({ windows, stepMs, now: 0 });
        const seen: { readonly value: number; readonly part: number }[] = [];
        let now = 0;
        for (const each of steps) {
          if ("passMs" in each) now += each.passMs;
          else {
            sketch.add(each.value, now);
            seen.push({ value: each.value, part: Math.floor(now / stepMs) });
          }
          const inside = seen.filter(({ part }) => part > Math.floor(now / stepMs) - windows).map(({ value }) => value);
          assert.equal(sketch.count(now), inside.length);
          const sorted = Float64Array.from(inside).sort();
          for (const quantile of [0, 0.3, 0.5, 0.9, 1]) near(sketch.quantile(quantile, now), exactQuantile(sorted, quantile), `at ${now}`);
        }
      }),
      { numRuns: 80 },
    );
  });

  it("forgets everything at once when it is cleared, and goes on", () => {
    const sketch = new SlidingSketch({ windows: 3, stepMs: 10, now: 0 });
    for (let now = 0; now < 25; now += 5) for (const value of [-1, 0, 1]) sketch.add(value, now);
    sketch.clear();
    assert.equal(sketch.count(25), 0);
    assert.ok(Number.isNaN(sketch.quantile(0.5, 25)));
    sketch.add(7, 25);
    near(sketch.quantile(0.5, 25), 7, "after clear");
  });

  it("starts its window where it is made, not at time 0", () => {
    const sketch = new SlidingSketch({ windows: 2, stepMs: 10, now: 1000 });
    sketch.add(1, 1009);
    sketch.add(2, 1019);
    assert.deepEqual([sketch.count(1019), sketch.count(1020), sketch.count(1030)], [2, 1, 0]);
  });

  it("has no quantile outside 0 to 1", () => {
    const sketch = new SlidingSketch({ windows: 1, stepMs: 10, now: 0 });
    sketch.add(1, 0);
    for (const quantile of [-0.1, 1.1, Number.NaN]) assert.ok(Number.isNaN(sketch.quantile(quantile, 0)));
  });
});
