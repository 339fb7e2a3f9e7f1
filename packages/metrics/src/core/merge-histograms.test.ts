import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { HistogramOptions } from "./definitions.ts";
import { merge } from "./merge.ts";
import { Registry } from "./registry.ts";
import { SeriesTable } from "./series-table.ts";
import { FamilySnapshot, type HistogramPoint, type NativeHistogram, nativeCount, Snapshot } from "./snapshot.ts";

type Shape = Pick<HistogramOptions, "buckets" | "native">;

function observed(values: readonly number[], shape: Shape): Snapshot {
  const metrics = new Registry();
  const latency = metrics.histogram("latency_seconds", { help: "Time.", ...shape });
  for (const value of values) latency.observe(value);
  return metrics.snapshot();
}

const point = (snapshot: Snapshot): HistogramPoint => snapshot.get("latency_seconds")!.histogram();

/** Whole numbers and halves add up without rounding, so that sums can be compared exactly. */
const value = fc.integer({ min: -2000, max: 200_000 }).map((n) => n / 2);
const lists = fc.array(fc.array(value, { maxLength: 30 }), { minLength: 2, maxLength: 4 });

describe("merged histograms equal the histogram of the union", () => {
  const shapes: Readonly<Record<string, Shape>> = {
    "classic buckets": { buckets: [-100, 0, 1, 10, 100, 1000] },
    "native buckets": { native: { schema: 4 } },
    "classic and native buckets": { buckets: [1, 50], native: { schema: 8 } },
  };
  for (const [what, shape] of Object.entries(shapes)) {
    it(`with ${what}, up to the resolution that merging costs`, () => {
      fc.assert(
        fc.property(lists, (parts) => {
          const merged = point(merge(...parts.map((values) => observed(values, shape))));
          const union = point(observed(parts.flat(), shape));
          assert.deepEqual([merged.count, merged.sum, merged.buckets], [union.count, union.sum, union.buckets]);
          if (merged.native !== undefined) assert.deepEqual(coarse(merged.native), coarse(union.native!));
          assert.equal(merged.native === undefined, shape.native === undefined);
        }),
        { numRuns: 60 },
      );
    });
  }

  it("in bounds that all of them have, when they differ", () => {
    const bounds = fc.uniqueArray(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 6 }).map((all) => all.sort((a, b) => a - b));
    const small = fc.array(fc.integer({ min: -2, max: 15 }), { maxLength: 20 });
    fc.assert(
      fc.property(fc.array(fc.tuple(bounds, small), { minLength: 2, maxLength: 4 }), (parts) => {
        const merged = point(merge(...parts.map(([buckets, values]) => observed(values, { buckets }))));
        const shared = parts[0]![0].filter((bound) => parts.every(([buckets]) => buckets.includes(bound)));
        const all = parts.flatMap(([, values]) => values);
        const right = [...shared, Number.POSITIVE_INFINITY].map((bound) => [bound, all.filter((each) => each <= bound).length]);
        assert.deepEqual([merged.buckets, merged.count], [right, all.length]);
      }),
      { numRuns: 100 },
    );
  });

  it("at the coarsest of their resolutions, where these differ", () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 20 }), fc.array(value, { maxLength: 20 }), fc.integer({ min: 0, max: 7 }), (a, b, schema) => {
        const merged = point(merge(observed(a, { native: { schema: 8 } }), observed(b, { native: { schema } })));
        assert.ok(merged.native!.schema <= schema);
        assert.deepEqual(coarse(merged.native!), coarse(point(observed([...a, ...b], { native: { schema } })).native!));
      }),
      { numRuns: 60 },
    );
  });
});

describe("histograms of unlike kinds merge without losing an observation", () => {
  const [classic, native, both] = [{ buckets: [1, 2] }, { native: {} }, { buckets: [1, 2], native: {} }];
  const cases: readonly (readonly [what: string, shapes: readonly Shape[], bounds: readonly number[], native: boolean])[] = [
    ["classic and native: only +Inf is shared", [classic, native], [Number.POSITIVE_INFINITY], false],
    ["native and classic", [native, classic], [Number.POSITIVE_INFINITY], false],
    ["both and classic: the classic buckets", [both, classic], [1, 2, Number.POSITIVE_INFINITY], false],
    ["classic and both", [classic, both], [1, 2, Number.POSITIVE_INFINITY], false],
    ["both and native: the native buckets", [both, native], [], true],
    ["native and both", [native, both], [], true],
    ["all three", [both, native, classic], [Number.POSITIVE_INFINITY], false],
  ];
  for (const [what, shapes, bounds, isNative] of cases) {
    it(what, () => {
      const merged = point(merge(...shapes.map((shape) => observed([0.5, 1.5, 9], shape))));
      assert.equal(merged.count, 3 * shapes.length);
      assert.equal(merged.sum, 11 * shapes.length);
      assert.deepEqual(
        merged.buckets.map(([bound]) => bound),
        bounds,
      );
      assert.equal(merged.native !== undefined, isNative);
      if (isNative) assert.equal(nativeCount(merged.native!), merged.count);
    });
  }

  it("a series that only one source has keeps its native buckets beside one that lost them", () => {
    const metrics = [both, classic].map((shape, k) => {
      const registry = new Registry();
      const latency = registry.histogram("latency_seconds", { help: "Time.", labels: ["stage"], ...shape });
      for (const stage of ["shared", `own${k}`]) latency.observe({ stage }, 1.5);
      return registry.snapshot();
    });
    const family = merge(...metrics).get("latency_seconds")!;
    const natives = ["shared", "own0", "own1"].map((stage) => family.histogram(family.row({ stage })).native !== undefined);
    assert.deepEqual(natives, [false, true, false]);
  });
});

describe("parsed histograms", () => {
  it("lack in the sum the buckets that one row lacks, and count them in the next", () => {
    // Row values: up to 1, up to 2, +Inf, sum. The second row has no bucket "up to 1".
    const merged = merge(parsed([1, 2, 3, 10]), parsed([Number.NaN, 5, 0, 20]), parsed([1, 1, 1, 1]));
    assert.deepEqual(merged.get("latency_seconds")!.histogram(), {
      count: 14,
      sum: 31,
      buckets: [
        [2, 10],
        [Number.POSITIVE_INFINITY, 14],
      ],
    });
  });

  it("lack it in either order", () => {
    const merged = merge(parsed([Number.NaN, Number.NaN, 8, 20]), parsed([1, 2, 3, 10]));
    assert.deepEqual(merged.get("latency_seconds")!.histogram().buckets, [[Number.POSITIVE_INFINITY, 14]]);
  });

  it("count what lies within the wider zero bucket of another as zero", () => {
    const native = (zeroThreshold: number, offset: number): NativeHistogram => ({
      schema: 0,
      zeroThreshold,
      zeroCount: 1,
      positive: { offset, counts: [2, 3, 4] },
      negative: { offset, counts: [5] },
    });
    const merged = merge(parsed([0], native(2 ** -128, -3)), parsed([0], native(0.25, 5)))
      .get("latency_seconds")!
      .histogram();
    // (1/16, 1/8] and (1/8, 1/4] on the positive side, (1/16, 1/8] on the negative are within 0.25 of zero.
    assert.equal(merged.native!.zeroThreshold, 0.25);
    assert.equal(merged.native!.zeroCount, 1 + 1 + 2 + 3 + 5);
    assert.deepEqual(merged.native!.positive, { offset: -1, counts: [4, 0, 0, 0, 0, 0, 2, 3, 4] });
    assert.deepEqual(merged.native!.negative, { offset: 5, counts: [5] });
    assert.equal(merged.count, 2 * 15);
  });
});

function parsed(values: readonly number[], native?: NativeHistogram): Snapshot {
  const table = new SeriesTable([]);
  table.add([]);
  const points = native === undefined ? { bounds: [1, 2] } : { natives: [native] };
  const data = { name: "latency_seconds", type: "histogram", help: "", table, length: 1, values: Float64Array.from(values), ...points } as const;
  return new Snapshot([new FamilySnapshot(data)], 1);
}

/** At schema -4 and as a map, so that histograms of different resolution can be compared. */
function coarse(native: NativeHistogram): unknown {
  const side = ({ offset, counts }: NativeHistogram["positive"]): Record<number, number> => {
    const buckets: Record<number, number> = {};
    counts.forEach((count, k) => {
      const index = Math.ceil((offset + k) / 2 ** (native.schema + 4));
      if (count > 0) buckets[index] = (buckets[index] ?? 0) + count;
    });
    return buckets;
  };
  return { zeroCount: native.zeroCount, positive: side(native.positive), negative: side(native.negative) };
}
