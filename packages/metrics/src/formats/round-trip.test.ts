import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type FamilySnapshot, isHistogram, type NativeHistogram, type Snapshot } from "../core/snapshot.ts";
import { parseJson, parseOpenMetrics, parsePrometheus, toJson, toOpenMetrics, toPrometheus } from "./index.ts";
import { contents, everyType, family, snapshotOf } from "./snapshots.test.fixture.ts";

const labelValue = fc.string({ unit: "binary", maxLength: 12 });
const count = fc.nat({ max: 1_000_000 });
const sum = fc.double({ min: 0, noNaN: true });
const seconds = fc.integer({ min: -1e9, max: 4e9 }).map((milliseconds) => milliseconds / 1000);
const bounds = fc
  .uniqueArray(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((bound) => bound + 0),
    { minLength: 1, maxLength: 5 },
  )
  .map((all) => all.sort((a, b) => a - b));
const side = fc.record({ offset: fc.integer({ min: -500, max: 500 }), counts: fc.array(count, { maxLength: 6 }) }, { noNullPrototype: true });
const native: fc.Arbitrary<NativeHistogram> = fc.record(
  {
    schema: fc.integer({ min: -4, max: 8 }),
    zeroThreshold: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
    zeroCount: count,
    positive: side,
    negative: side,
  },
  { noNullPrototype: true },
);

/** Rows with different label sets; some rows lack some labels. */
const rowsOf = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<[labels: (string | undefined)[], values: T][]> =>
  fc.uniqueArray(fc.tuple(fc.array(fc.option(labelValue, { nil: undefined }), { minLength: 2, maxLength: 2 }), values), {
    minLength: 1,
    maxLength: 5,
    selector: ([labels]) => JSON.stringify(labels),
  });

const build = (
  type: FamilySnapshot["type"],
  rows: readonly (readonly [(string | undefined)[], readonly number[]])[],
  more: Partial<Parameters<typeof family>[0]> = {},
): Snapshot =>
  snapshotOf(
    family({
      name: type === "counter" ? "a_total" : "a",
      type,
      help: "Help.",
      labels: ["b", "__c"],
      ...more,
      rows: rows.map(([labels, values]) => [labels, ...values] as const),
    }),
  );

const snapshots: readonly (readonly [string, fc.Arbitrary<Snapshot>])[] = [
  ["a gauge with any double", rowsOf(fc.tuple(fc.double())).map((rows) => build("gauge", rows))],
  ["a counter", rowsOf(fc.tuple(sum)).map((rows) => build("counter", rows))],
  [
    "an unknown with timestamps",
    rowsOf(fc.tuple(fc.double(), seconds)).map((rows) =>
      build(
        "unknown",
        rows.map(([labels, [value]]) => [labels, [value]]),
        { timestamps: Float64Array.from(rows, ([, [, at]]) => at) },
      ),
    ),
  ],
  [
    "a histogram with any bounds",
    fc
      .tuple(bounds, fc.array(count, { minLength: 6, maxLength: 6 }), sum)
      .chain(([uppers, counts, total]) =>
        rowsOf(fc.constant([...counts.slice(0, uppers.length + 1), uppers[0]! < 0 ? Number.NaN : total])).map((rows) =>
          build("histogram", rows, { bounds: uppers }),
        ),
      ),
  ],
  [
    "a summary",
    rowsOf(fc.tuple(count, sum, fc.oneof(sum, fc.constant(Number.NaN)), sum)).map((rows) => build("summary", rows, { quantiles: [0.5, 0.999] })),
  ],
];

/** The same contents with every row's missing labels made plain, for formats that keep everything. */
const same = (back: Snapshot, sent: Snapshot): void => assert.deepEqual(contents(back), contents(sent));

describe("what is sent comes back", () => {
  for (const [name, snapshot] of snapshots) {
    it(`${name}, over text 0.0.4`, () => fc.assert(fc.property(snapshot, (sent) => same(parsePrometheus(toPrometheus(sent)), sent))));
    it(`${name}, over OpenMetrics`, () => fc.assert(fc.property(snapshot, (sent) => same(parseOpenMetrics(toOpenMetrics(sent)), sent))));
    it(`${name}, over JSON`, () => fc.assert(fc.property(snapshot, (sent) => same(parseJson(toJson(sent)), sent))));
  }

  it("any help, over OpenMetrics and JSON; over text but for blanks at its start", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (help) => {
        const sent = build("gauge", [[["x", "y"], [1]]], { help });
        assert.equal(parseOpenMetrics(toOpenMetrics(sent)).get("a")!.help, help);
        assert.equal(parseJson(toJson(sent)).get("a")!.help, help);
        assert.equal(parsePrometheus(toPrometheus(sent)).get("a")!.help, help.replace(/^[ \t]+/, ""));
      }),
    );
  });

  it("any native histogram, with exemplars and beginnings, over JSON", () => {
    const exemplar = fc.record(
      {
        labels: fc.dictionary(fc.constantFrom("trace_id", "__proto__"), labelValue, { noNullPrototype: true }),
        value: fc.double(),
        timestamp: seconds,
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(native, fc.array(exemplar, { maxLength: 3 }), fc.double(), seconds, (histogram, exemplars, total, created) => {
        const sent = snapshotOf(
          family({
            name: "a",
            type: "histogram",
            rows: [[[], total]],
            natives: [histogram],
            created: Float64Array.of(created),
            exemplars: new Map([[0, exemplars]]),
          }),
        );
        same(parseJson(toJson(sent)), sent);
      }),
    );
  });

  it("every type with all it has, over OpenMetrics: all but native buckets, rules and the exemplars that met in a bucket", () => {
    const back = parseOpenMetrics(toOpenMetrics(everyType()));
    assert.deepEqual(
      back.families.map(({ name, type, unit, help }) => [name, type, unit, help]),
      everyType().families.map(({ name, type, unit, help }) => [name, type, unit, help]),
    );
    assert.deepEqual(back.get("frames_total")!.exemplars, everyType().get("frames_total")!.exemplars);
    assert.deepEqual(back.get("frames_total")!.created, everyType().get("frames_total")!.created);
    assert.deepEqual(back.get("latency_seconds")!.exemplars!.get(0), everyType().get("latency_seconds")!.exemplars!.get(0)!.slice(1));
    assert.equal(back.get("size_bytes")!.histogram().count, everyType().get("size_bytes")!.histogram().count);
  });

  it("a text that was read is written the same again", () => {
    for (const text of [toPrometheus(everyType()), toPrometheus(parsePrometheus(toPrometheus(everyType())))])
      assert.equal(toPrometheus(parsePrometheus(text)), text);
    const text = toOpenMetrics(everyType());
    assert.equal(toOpenMetrics(parseOpenMetrics(text)), text);
  });

  it("whatever is read over text as a histogram has the same number of observations", () => {
    for (const sent of everyType().families.filter(({ type }) => isHistogram(type))) {
      const back = parsePrometheus(toPrometheus(snapshotOf(sent))).get(sent.name)!;
      for (let row = 0; row < sent.length; row++) assert.equal(back.histogram(row).count, sent.histogram(row).count);
    }
  });
});

describe("a parser given any text", () => {
  const lines = fc.array(
    fc.oneof(
      fc.constantFrom(
        "# TYPE a counter",
        "# TYPE a histogram",
        "# TYPE a summary",
        "# HELP a b",
        "# EOF",
        'a_bucket{le="1"} 1',
        'a_bucket{le="+Inf"} 2',
        "a_sum 3",
        "a_count 2",
        "a_total 1 # {} 1",
        "a 1 5",
        'a{quantile="0.5"} 1',
        "",
      ),
      fc.string({ unit: "binary", maxLength: 20 }),
    ),
    { maxLength: 12 },
  );
  for (const [name, parse] of [
    ["text", parsePrometheus],
    ["OpenMetrics", parseOpenMetrics],
    ["JSON", parseJson],
  ] as const) {
    it(`gives a snapshot that can be written in every format, or a PARSE_ERROR: ${name}`, () => {
      fc.assert(
        fc.property(lines, (all) => {
          let snapshot: Snapshot;
          try {
            snapshot = parse(`${all.join("\n")}\n`);
          } catch (error) {
            assert.equal((error as { code: string }).code, "PARSE_ERROR");
            return;
          }
          for (const write of [toPrometheus, toOpenMetrics, toJson]) assert.equal(typeof write(snapshot), "string");
        }),
        { numRuns: 500 },
      );
    });
  }
});
