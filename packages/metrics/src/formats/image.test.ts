import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InferometerError } from "../core/errors.ts";
import { SeriesTable } from "../core/series-table.ts";
import { type FamilyData, FamilySnapshot, type Snapshot } from "../core/snapshot.ts";
import { joined } from "./format.ts";
import { TextImage } from "./image.ts";
import { openMetrics, prometheusText } from "./index.ts";
import { everyType, family, snapshotOf } from "./snapshots.test.fixture.ts";

const drain = (image: TextImage, snapshot: Snapshot): number => [...image.update(snapshot)].length;
const textOf = (image: TextImage): string => new TextDecoder().decode(joined(image.chunks()));
const invalid = (error: unknown): boolean => error instanceof InferometerError && error.code === "OPTION_INVALID";

/** Counters of one table, as a registry gives them: the same rows and more. */
function counters(name: string, rows: number): (value: number, length?: number) => FamilySnapshot {
  const table = new SeriesTable(["stream"]);
  for (let row = 0; row < rows; row++) table.add([`${row}`]);
  return (value, length = rows) =>
    new FamilySnapshot({ name, type: "counter", help: "Events.", table, length, values: new Float64Array(length).map((_, row) => value + row) });
}

describe("TextImage", () => {
  for (const [format, plain] of [
    ["prometheus", prometheusText],
    ["openmetrics", openMetrics],
  ] as const) {
    it(`writes every type as ${plain.name} does, at the first update and at the next`, () => {
      const image = new TextImage({ format });
      for (let scrape = 0; scrape < 2; scrape++) {
        drain(image, everyType());
        assert.equal(textOf(image), new TextDecoder().decode(plain.encode(everyType())));
        assert.equal(image.byteLength, plain.encode(everyType()).length);
      }
    });

    it(`writes an empty snapshot as ${plain.name} does`, () => {
      const image = new TextImage({ format });
      drain(image, snapshotOf());
      assert.deepEqual(joined(image.chunks()), plain.encode(snapshotOf()));
    });
  }

  it("patches the bytes in place and hands them out as views", () => {
    const image = new TextImage({ format: "prometheus" });
    const events = counters("events_total", 5000);
    drain(image, snapshotOf(events(10_000)));
    const before = [...image.chunks()];
    drain(image, snapshotOf(events(10_001)));
    const after = [...image.chunks()];
    assert.ok(after.length > 3);
    // The last piece is short, so it is a copy; the head and the first rows are one too.
    for (let k = 1; k < after.length - 1; k++) assert.equal(after[k]!.buffer, before[k]!.buffer);
    assert.equal(textOf(image), new TextDecoder().decode(prometheusText.encode(snapshotOf(events(10_001)))));
  });

  it("gives others a turn at least once in 2000 patched lines, and once in 1000 composed ones", () => {
    const image = new TextImage({ format: "prometheus" });
    const events = counters("events_total", 30_000);
    assert.ok(drain(image, snapshotOf(events(1e6))) >= 30);
    assert.ok(drain(image, snapshotOf(events(2e6))) >= 12);
  });

  it("hands out pieces of at most 64 KiB and joins short ones", () => {
    const image = new TextImage({ format: "prometheus" });
    const families = Array.from({ length: 100 }, (_, k) => counters(`family${k}_total`, k === 50 ? 5000 : 2)(0));
    drain(image, snapshotOf(...families));
    const lengths = [...image.chunks()].map((chunk) => chunk.length);
    assert.ok(Math.max(...lengths) <= 64 * 1024);
    assert.ok(lengths.length < 15, `${lengths}`);
  });

  it("composes what does not fit into the budget, and keeps it once there is room", () => {
    const events = counters("events_total", 2000);
    const others = counters("others_total", 2000);
    const image = new TextImage({ format: "prometheus", budgetBytes: 130_000 });
    for (const value of [1, 2]) {
      drain(image, snapshotOf(events(value), others(value)));
      assert.equal(image.byteLength, undefined);
      assert.equal(textOf(image), new TextDecoder().decode(prometheusText.encode(snapshotOf(events(value), others(value)))));
    }
    drain(image, snapshotOf(others(3)));
    assert.equal(image.byteLength, prometheusText.encode(snapshotOf(others(3))).length);
    assert.equal(textOf(image), new TextDecoder().decode(prometheusText.encode(snapshotOf(others(3)))));
  });

  it("keeps nothing with a budget of 0", () => {
    const image = new TextImage({ format: "openmetrics", budgetBytes: 0 });
    drain(image, everyType());
    assert.equal(image.byteLength, undefined);
    assert.equal(textOf(image), new TextDecoder().decode(openMetrics.encode(everyType())));
  });

  it("builds a family anew when a snapshot has fewer of its rows than before", () => {
    const image = new TextImage({ format: "prometheus" });
    const events = counters("events_total", 300);
    for (const length of [300, 200, 300]) {
      drain(image, snapshotOf(events(5, length)));
      assert.equal(textOf(image), new TextDecoder().decode(prometheusText.encode(snapshotOf(events(5, length)))));
    }
  });

  const table = new SeriesTable(["a"]);
  table.add(["b"]);
  const like = { name: "x_seconds", type: "histogram", help: "X.", table, length: 1, values: Float64Array.of(1, 2, 3, 4), bounds: [1, 2] } as const;
  // Each differs from the one before it in one part, or two where it goes back.
  const changes: readonly Partial<FamilyData>[] = [
    {},
    { name: "y_seconds" },
    { type: "gaugehistogram" },
    { help: "Y." },
    { unit: "seconds" },
    {},
    { bounds: [1, 3] },
    {},
    { constants: [["site", "1"]] },
    { constants: [["site", "2"]] },
    { constants: [["room", "2"]] },
  ];
  it("sees another bound, constant label, help, unit, type or name of a metric whose rows are the same", () => {
    const image = new TextImage({ format: "openmetrics" });
    for (const change of changes) {
      const snapshot = snapshotOf(new FamilySnapshot({ ...like, ...change }));
      drain(image, snapshot);
      assert.equal(textOf(image), new TextDecoder().decode(openMetrics.encode(snapshot)));
    }
  });

  it("writes a name that comes twice twice", () => {
    const image = new TextImage({ format: "prometheus" });
    const twice = (value: number): Snapshot => snapshotOf(...[value, 2 * value].map((v) => family({ name: "a", type: "gauge", rows: [[[], v]] })));
    for (const value of [1, 20]) {
      drain(image, twice(value));
      assert.equal(textOf(image), new TextDecoder().decode(prometheusText.encode(twice(value))));
    }
  });

  it("is not read while an update has not finished, nor before the first", () => {
    const image = new TextImage({ format: "prometheus" });
    assert.throws(() => textOf(image), invalid);
    assert.throws(() => image.byteLength, invalid);
    const events = counters("events_total", 5000);
    image.update(snapshotOf(events(1))).next();
    assert.throws(() => textOf(image), invalid);
    drain(image, snapshotOf(events(2)));
    const chunks = image.chunks()[Symbol.iterator]();
    chunks.next();
    image.update(snapshotOf(events(3))).next();
    assert.throws(() => chunks.next(), invalid);
  });

  it("lets a later update take over and stops the earlier one", () => {
    const image = new TextImage({ format: "prometheus" });
    const events = counters("events_total", 5000);
    const earlier = image.update(snapshotOf(events(1)));
    earlier.next();
    drain(image, snapshotOf(events(2)));
    assert.throws(() => [...earlier], /Another update/);
    assert.equal(textOf(image), new TextDecoder().decode(prometheusText.encode(snapshotOf(events(2)))));
  });

  it("refuses options that it does not know", () => {
    assert.throws(() => new TextImage({ format: "json" as "prometheus" }), /"json".*"prometheus" or "openmetrics"/);
    for (const budgetBytes of [-1, Number.NaN]) assert.throws(() => new TextImage({ format: "prometheus", budgetBytes }), /budgetBytes is (-1|NaN)/);
  });
});
