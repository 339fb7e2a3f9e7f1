import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkLabelName, checkMetricName, lintMetric } from "./names.ts";
import type { MetricType } from "./snapshot.ts";

describe("checkMetricName", () => {
  const good: readonly (readonly [name: string, type: MetricType])[] = [
    ["frames_total", "counter"],
    ["_x_total", "counter"],
    ["Fps9", "gauge"],
    ["application_info", "info"],
    ["constructor", "gauge"],
    ["info", "gauge"],
  ];
  for (const [name, type] of good) it(`takes ${name} for a ${type}`, () => assert.doesNotThrow(() => checkMetricName(name, type)));

  const bad: readonly (readonly [name: unknown, type: MetricType, message: RegExp])[] = [
    ["", "gauge", /Metric name "": use letters, digits and underscores, not starting with a digit/],
    ["9lives", "gauge", /"9lives": use letters/],
    ["frames-total", "gauge", /use letters/],
    ["level:rate5m", "gauge", /"level:rate5m": use letters/],
    ["größe", "gauge", /use letters/],
    ["fps\n", "gauge", /"fps\\n": use letters/],
    [undefined, "gauge", /Metric name undefined: use letters/],
    [42, "gauge", /Metric name 42/],
    ["__name__", "gauge", /names that start with two underscores belong to Prometheus; leave them off/],
    ["frames", "counter", /"frames": a counter's name ends in _total; append it/],
    ["_total", "counter", /ends in _total/],
    ["version", "info", /an info's name ends in _info; append it/],
    ["_info", "info", /ends in _info/],
    ["frames_total", "gauge", /_total is for counters and this is a gauge; leave it off/],
    ["frames_total", "histogram", /this is a histogram/],
  ];
  for (const [name, type, message] of bad) {
    it(`refuses ${JSON.stringify(name)} for a ${type}`, () =>
      assert.throws(() => checkMetricName(name as string, type), { code: "NAME_INVALID", message }));
  }
});

describe("checkLabelName", () => {
  it("takes plain names, and those of objects' own members", () => {
    for (const label of ["model", "_x", "constructor", "toString", "hasOwnProperty", "valueOf", "name", "le9"])
      checkLabelName(label, "m", "histogram");
    checkLabelName("le", "m", "summary");
    checkLabelName("quantile", "m", "histogram");
  });

  const bad: readonly (readonly [label: unknown, type: MetricType, message: RegExp])[] = [
    ["", "counter", /Label "" of m: use letters, digits and underscores/],
    ["a-b", "counter", /Label "a-b" of m: use letters/],
    ["a:b", "counter", /use letters/],
    ["1a", "counter", /use letters/],
    [5, "counter", /Label 5 of m/],
    ["__name__", "counter", /labels that start with two underscores belong to Prometheus; leave them off/],
    ["__proto__", "counter", /two underscores/],
    ["le", "histogram", /a histogram writes its buckets' bounds into le; choose another name/],
    ["quantile", "summary", /a summary writes its quantiles into quantile; choose another name/],
    ["m", "stateset", /a state set writes its states into the label of its own name; choose another name/],
  ];
  for (const [label, type, message] of bad) {
    it(`refuses ${JSON.stringify(label)} on a ${type}`, () =>
      assert.throws(() => checkLabelName(label as string, "m", type), { code: "LABEL_NAME_INVALID", message }));
  }
});

// Whether these are the rules of promtool is for test/src/lint-judge.test.ts; here: the words.
describe("lintMetric", () => {
  const cases: readonly (readonly [name: string, type: MetricType, labels: readonly string[], texts: readonly string[]])[] = [
    ["detection_latency_seconds", "histogram", ["model"], []],
    ["frames_processed_total", "counter", ["model", "status"], []],
    ["counter_resets_total", "counter", [], []],
    ["color_temperature_kelvin", "gauge", [], []],
    ["thermometers", "gauge", [], []],
    ["hit_ratio", "gauge", [], []],
    ["request_milliseconds", "gauge", [], ["milliseconds is no base unit; measure in seconds and end the name in _seconds"]],
    ["cache_mebibytes", "gauge", [], ["mebibytes is no base unit; measure in bytes and end the name in _bytes"]],
    ["trip_kilometres", "gauge", [], ["kilometres is no base unit; measure in metres and end the name in _metres"]],
    ["queue_gauge", "gauge", [], ["the name holds the type gauge; leave it off"]],
    ["queue_Counter_size", "gauge", [], ["the name holds the type counter; leave it off"]],
    ["request_ms", "gauge", [], ["ms is an abbreviated unit; write it out (seconds, bytes …)"]],
    ["queue_bucket", "gauge", [], ["_bucket is what a histogram appends; choose another ending"]],
    ["queue_count", "gauge", [], ["_count is what histograms and summaries append; choose another ending"]],
    ["queue_sum", "stateset", [], ["_sum is what histograms and summaries append; choose another ending"]],
    ["queue_count", "summary", [], []],
    ["queue_count", "unknown", ["le"], []],
    ["queue_size", "gauge", ["le"], ["the label le is for histograms; choose another name"]],
    ["queue_size", "gauge", ["quantile"], ["the label quantile is for summaries; choose another name"]],
    ["queueSize", "gauge", ["queueType"], ["the name is in camelCase; write snake_case", "the label queueType is in camelCase; write snake_case"]],
  ];
  for (const [name, type, labelNames, texts] of cases) {
    it(`says ${texts.length === 0 ? "nothing" : "what is wrong"} of ${name}{${labelNames}}, a ${type}`, () => {
      assert.deepEqual(
        lintMetric({ name, type, labelNames, help: "Some." }),
        texts.map((text) => ({ metric: name, text })),
      );
    });
  }

  it("asks for a help text", () => {
    assert.deepEqual(lintMetric({ name: "x", type: "gauge", labelNames: [], help: "" }), [
      { metric: "x", text: "it has no help text; say in a sentence what it measures" },
    ]);
  });
});
