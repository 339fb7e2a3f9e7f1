import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InferometerError } from "../core/errors.ts";
import type { Snapshot } from "../core/snapshot.ts";
import { parseJson, toJson } from "./index.ts";
import { contents, everyType, family, snapshotOf } from "./snapshots.test.fixture.ts";

const asData = (snapshot: Snapshot): unknown => JSON.parse(toJson(snapshot));

describe("toJson", () => {
  it("gives a name its type, help and samples with labels, value and timestamp", () => {
    const fps = family({ name: "fps", type: "gauge", help: "Frames a second.", labels: ["camera"], rows: [[["1"], 29.7]] });
    assert.deepEqual(asData(snapshotOf(fps)), {
      fps: { type: "gauge", help: "Frames a second.", samples: [{ labels: { camera: "1" }, value: 29.7, timestamp: 1_700_000_000.5 }] },
    });
  });

  it("writes what JSON cannot say as a string", () => {
    const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0];
    const odd = family({ name: "a", type: "gauge", labels: ["k"], rows: values.map((value, k) => [[`${k}`], value] as const) });
    const { a } = asData(snapshotOf(odd)) as { a: { samples: { value: unknown }[] } };
    assert.deepEqual(
      a.samples.map(({ value }) => value),
      ["NaN", "+Inf", "-Inf", -0],
    );
  });

  it("flattens a histogram, and puts what text cannot carry beside its count", () => {
    const latency = family({
      name: "latency_seconds",
      type: "histogram",
      unit: "seconds",
      bounds: [0.5],
      rows: [[[], 1, 2, 7]],
      created: Float64Array.of(5),
      exemplars: new Map([[0, [{ labels: { id: "x" }, value: 3 }]]]),
    });
    const timestamp = 1_700_000_000.5;
    assert.deepEqual(asData(snapshotOf(latency)), {
      latency_seconds: {
        type: "histogram",
        help: "",
        unit: "seconds",
        samples: [
          { name: "latency_seconds_bucket", labels: { le: "0.5" }, value: 1, timestamp },
          { name: "latency_seconds_bucket", labels: { le: "+Inf" }, value: 3, timestamp },
          { name: "latency_seconds_sum", labels: {}, value: 7, timestamp },
          { name: "latency_seconds_count", labels: {}, value: 3, timestamp, created: 5, exemplars: [{ labels: { id: "x" }, value: 3 }] },
        ],
      },
    });
  });
});

describe("parseJson", () => {
  it("gives back every type as it was", () => {
    const back = parseJson(toJson(everyType()));
    assert.deepEqual(contents(back), contents(everyType()));
    assert.equal(back.timestamp, everyType().timestamp);
  });

  it("reads JSON that others wrote: the newest time is the snapshot's, older ones are the samples' own", () => {
    const snapshot = parseJson(
      '{"a":{"type":"gauge","samples":[{"labels":{"x":"1"},"value":1,"timestamp":10},{"labels":{"x":"2"},"value":2,"timestamp":20}]}}',
    );
    assert.equal(snapshot.timestamp, 20);
    assert.deepEqual([...snapshot.get("a")!.timestamps!], [10, Number.NaN]);
  });

  const sample = (text: string): string => `{"a":{"type":"gauge","help":"","samples":[${text}]}}`;
  for (const [what, text, message] of [
    ["text that is not JSON", "{", /not JSON/],
    ["an array", "[]", /At the document: saw an array of 0, expected an object/],
    ["a name that would break a text format", '{"a\\nevil":{"type":"gauge","samples":[]}}', /"a\\nevil", expected metric names/],
    ["a type that does not exist", '{"a":{"type":"guage","samples":[]}}', /At a\.type: saw "guage", expected one of counter, gauge/],
    ["a unit with a line feed", '{"a":{"type":"gauge","unit":"s\\n","samples":[]}}', /a\.unit/],
    ["missing samples", '{"a":{"type":"gauge"}}', /At a\.samples: saw undefined, expected an array/],
    ["a label that is no string", sample('{"labels":{"x":1},"value":1}'), /At a\.samples\[0\]\.labels\.x: saw 1, expected a string/],
    ["a label name that would break a text format", sample('{"labels":{"x\\"":"1"},"value":1}'), /expected label names/],
    ["a value that is no number", sample('{"labels":{},"value":"12"}'), /At a\.samples\[0\]\.value: saw "12", expected a number/],
    ["no value", sample('{"labels":{}}'), /saw undefined, expected a number/],
    ["a timestamp that is no number", sample('{"labels":{},"value":1,"timestamp":"now"}'), /timestamp: saw "now", expected a finite number/],
    ["a sample of another metric", sample('{"name":"b","labels":{},"value":1}'), /saw "b", expected a, or no name/],
    ["a series twice", sample('{"labels":{},"value":1},{"labels":{},"value":2}'), /a\.samples\[1\].*each series once/],
    ["a bucket without le", '{"a":{"type":"histogram","samples":[{"name":"a_bucket","labels":{},"value":1}]}}', /labels\.le: saw undefined/],
    ["an infinite bucket", '{"a":{"type":"histogram","samples":[{"name":"a_bucket","labels":{"le":"1"},"value":"+Inf"}]}}', /a finite count/],
    ["a histogram's bare sample", '{"a":{"type":"histogram","samples":[{"labels":{},"value":1}]}}', /expected a_bucket, a_sum or a_count/],
    [
      "a schema out of range",
      '{"a":{"type":"histogram","samples":[{"name":"a_count","labels":{},"value":1,"native":{"schema":9}}]}}',
      /schema: saw 9/,
    ],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => parseJson(text),
        (error: InferometerError) => error instanceof InferometerError && error.code === "PARSE_ERROR" && message.test(error.message),
      );
    });
  }
});
