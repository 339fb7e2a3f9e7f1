import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { NativeHistogram } from "../core/snapshot.ts";
import { toProtobuf } from "./index.ts";
import { type DecodedFamily, type DecodedHistogram, decodeFamilies } from "./protobuf.test.fixture.ts";
import { everyType, family, native, snapshotOf } from "./snapshots.test.fixture.ts";

const decoded = (name: string): DecodedFamily => decodeFamilies(toProtobuf(everyType())).find((one) => one.name === name)!;

function histogramOf(histogram: NativeHistogram, sum = 1): DecodedHistogram {
  const [one] = decodeFamilies(toProtobuf(snapshotOf(family({ name: "a", type: "histogram", rows: [[[], sum]], natives: [histogram] }))));
  return one!.metrics[0]!.histogram!;
}

const empty: NativeHistogram = {
  schema: 3,
  zeroThreshold: 0,
  zeroCount: 0,
  positive: { offset: 0, counts: [] },
  negative: { offset: 0, counts: [] },
};

describe("the protobuf format", () => {
  it("gives every type its number, help and unit", () => {
    assert.deepEqual(
      decodeFamilies(toProtobuf(everyType())).map(({ name, type, unit }) => [name, type, unit]),
      [
        ["frames_total", 0, ""],
        ["queue_size", 1, ""],
        ["latency_seconds", 4, "seconds"],
        ["stage_seconds", 4, "seconds"],
        ["size_bytes", 4, "bytes"],
        ["wait_seconds", 5, "seconds"],
        ["response_seconds", 2, ""],
        ["application_info", 1, ""],
        ["mode", 1, ""],
        ["foreign", 3, ""],
      ],
    );
    assert.equal(decoded("frames_total").help, "Frames seen.");
  });

  it("sends a counter with constant labels, exemplar and beginning", () => {
    const [first, second] = decoded("frames_total").metrics;
    assert.deepEqual(first!.labels, { site: "lab-1", model: "owlv2", status: "ok" });
    assert.equal(first!.value, 12);
    assert.equal(first!.created, 1_699_999_000.25);
    assert.deepEqual(first!.exemplar, { labels: { trace_id: "abc" }, value: 1, timestamp: 1_700_000_000.125 });
    assert.equal(second!.value, 0.5);
    assert.equal(second!.created, undefined);
  });

  it("sends classic buckets, cumulative, each with its exemplar", () => {
    const { count, sum, buckets, created, schema } = decoded("latency_seconds").metrics[0]!.histogram!;
    assert.deepEqual([count, sum, created, schema], [4, 7.5, 1_699_999_000, undefined]);
    assert.deepEqual(buckets, [
      { upperBound: 0.005, count: 1, exemplar: undefined },
      { upperBound: 1, count: 3, exemplar: { labels: {}, value: 0.5 } },
      { upperBound: 2_000_000, count: 3, exemplar: undefined },
      { upperBound: Number.POSITIVE_INFINITY, count: 4, exemplar: { labels: { trace_id: "slow" }, value: 3e6, timestamp: 1_700_000_000 } },
    ]);
  });

  it("sends native buckets as spans and deltas, and classic ones beside them", () => {
    const both = decoded("stage_seconds").metrics[0]!.histogram!;
    assert.equal(both.buckets.length, 2);
    assert.deepEqual(both.exemplars, [{ labels: { trace_id: "n" }, value: 0.75, timestamp: 1_700_000_000 }]);
    const { schema, zeroThreshold, zeroCount, positive, negative, positiveSpans, count, buckets } = decoded("size_bytes").metrics[0]!.histogram!;
    assert.deepEqual([schema, zeroThreshold, zeroCount, count], [2, 1e-9, 1, 16]);
    assert.deepEqual(positive, [
      [-3, 2],
      [2, 5],
      [3, 4],
      [4, 0],
      [5, 1],
    ]);
    assert.deepEqual(negative, [[1, 3]]);
    assert.equal(positiveSpans, 2);
    assert.deepEqual(buckets, []);
  });

  it("keeps small gaps in one span, and cuts empty ends off", () => {
    const { positive, positiveSpans } = histogramOf({ ...empty, positive: { offset: -4, counts: [0, 1, 0, 0, 2, 0, 0, 0, 3, 0] } });
    assert.deepEqual(positive, [
      [-3, 1],
      [-2, 0],
      [-1, 0],
      [0, 2],
      [4, 3],
    ]);
    assert.equal(positiveSpans, 2);
  });

  it("marks a native histogram without observations by an empty span", () => {
    const { positive, positiveSpans, count } = histogramOf(empty);
    assert.deepEqual([positive, positiveSpans, count], [[], 1, 0]);
  });

  it("sends counts that are not whole as a float histogram", () => {
    const halves = { ...native, zeroCount: 0.5, positive: { offset: 0, counts: [1.5, 2] } };
    const { zeroCount, positive, count } = histogramOf(halves);
    assert.deepEqual(
      [zeroCount, positive, count],
      [
        0.5,
        [
          [0, 1.5],
          [1, 2],
        ],
        7,
      ],
    );
  });

  it("sends exemplars of native buckets only with a time, without which a receiver drops them", () => {
    const exemplars = new Map([
      [
        0,
        [
          { labels: { a: "1" }, value: 1 },
          { labels: { a: "2" }, value: 1, timestamp: 5.5 },
        ],
      ],
    ]);
    const [one] = decodeFamilies(toProtobuf(snapshotOf(family({ name: "a", type: "histogram", rows: [[[], 1]], natives: [native], exemplars }))));
    assert.deepEqual(one!.metrics[0]!.histogram!.exemplars, [{ labels: { a: "2" }, value: 1, timestamp: 5.5 }]);
  });

  it("sends a summary", () => {
    const [first, idle] = decoded("response_seconds").metrics;
    assert.deepEqual(first!.summary, {
      count: 4,
      sum: 1.25,
      quantiles: [
        [0.5, 0.25],
        [1, 0.5],
      ],
    });
    assert.deepEqual(idle!.summary!.quantiles, [
      [0.5, Number.NaN],
      [1, Number.NaN],
    ]);
  });

  it("sends timestamps, of long ago too", () => {
    const timed = family({
      name: "a",
      type: "gauge",
      labels: ["b"],
      rows: [
        [["x"], 1],
        [["y"], 2],
      ],
      timestamps: Float64Array.of(-1.5, 1_520_879_607.789),
    });
    assert.deepEqual(
      decodeFamilies(toProtobuf(snapshotOf(timed)))[0]!.metrics.map(({ timestampMs }) => timestampMs),
      [-1500, 1_520_879_607_789],
    );
  });

  it("writes long and foreign labels", () => {
    const values = ["x".repeat(127), "x".repeat(128), "é".repeat(127), "😀".repeat(20_000), ""];
    const long = family({ name: "a", type: "gauge", labels: ["b"], rows: values.map((value, k) => [[value], k] as const) });
    const { metrics } = decodeFamilies(toProtobuf(snapshotOf(long)))[0]!;
    assert.deepEqual(
      metrics.map(({ labels }) => labels.b),
      values,
    );
    assert.deepEqual(
      metrics.map(({ value }) => value),
      [0, 1, 2, 3, 4],
    );
  });

  it("leaves out families without series", () => {
    assert.equal(toProtobuf(snapshotOf(family({ name: "a", type: "gauge", rows: [] }))).length, 0);
  });
});
