import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "./clock.ts";
import { Counter, CounterFamily } from "./counter.ts";
import { Gauge, GaugeFamily } from "./gauge.ts";
import { Histogram, HistogramFamily } from "./histogram.ts";
import { Info } from "./info.ts";
import { Registry, type RegistryOptions } from "./registry.ts";
import { StateSet, StateSetFamily } from "./state-set.ts";
import { Summary, SummaryFamily } from "./summary.ts";

const help = "Something.";

describe("a registry", () => {
  it("makes every kind of metric, with labels and without", () => {
    const metrics = new Registry();
    const labels = ["x"] as const;
    const made: readonly (readonly [metric: object, kind: new (...args: never[]) => object])[] = [
      [metrics.counter("a_total", { help }), Counter],
      [metrics.counter("b_total", { help, labels }), CounterFamily],
      [metrics.gauge("c", { help }), Gauge],
      [metrics.gauge("d", { help, labels }), GaugeFamily],
      [metrics.histogram("e_seconds", { help }), Histogram],
      [metrics.histogram("f_seconds", { help, labels }), HistogramFamily],
      [metrics.summary("g_seconds", { help }), Summary],
      [metrics.summary("h_seconds", { help, labels }), SummaryFamily],
      [metrics.info("i_info", { help, labels }), Info],
      [metrics.stateSet("j", { help, states: ["up"] }), StateSet],
      [metrics.stateSet("k", { help, states: ["up"], labels }), StateSetFamily],
      [metrics.counter("l_total", { help, labels: [] }), Counter],
    ];
    for (const [metric, kind] of made) assert.ok(metric instanceof kind, kind.name);
    assert.deepEqual(
      [...metrics.snapshot()].map(({ type }) => type),
      [...["counter", "counter", "gauge", "gauge", "histogram", "histogram", "summary", "summary", "info", "stateset", "stateset", "counter"]],
    );
  });

  it("puts its namespace before every name, and its labels on every series", () => {
    const metrics = new Registry({ namespace: "vision", labels: { site: "lab-1" } });
    metrics.counter("frames_total", { help, labels: ["model"] }).inc({ model: "a" });
    metrics.gauge("fps", { help }).set(5);
    const snapshot = metrics.snapshot();
    assert.deepEqual(
      [...snapshot].map(({ name }) => name),
      ["vision_frames_total", "vision_fps"],
    );
    const family = snapshot.get("vision_frames_total")!;
    assert.deepEqual([family.labelNames, family.labels(0)], [["site", "model"], { site: "lab-1", model: "a" }]);
    assert.deepEqual([snapshot.value("vision_frames_total", { model: "a" }), snapshot.value("vision_fps", { site: "lab-1" })], [1, 5]);
  });

  it("copies the labels it is given, and cleans them", () => {
    const labels = { site: `a\ud800${"x".repeat(2000)}` };
    const metrics = new Registry({ labels });
    labels.site = "changed";
    metrics.gauge("fps", { help });
    const { site } = metrics.snapshot().get("fps")!.labels(0);
    assert.ok(site!.startsWith("a\ufffdx") && site!.length === 1024);
  });

  it("finds a metric by its name, with the namespace and without", () => {
    const metrics = new Registry({ namespace: "vision" });
    const fps = metrics.gauge("fps", { help });
    assert.deepEqual([metrics.get("fps"), metrics.get("vision_fps"), metrics.get("other")], [fps, fps, undefined]);
  });

  it("takes snapshots of the metrics that are asked for", () => {
    const metrics = new Registry();
    for (const name of ["a", "b", "c"]) metrics.gauge(name, { help });
    assert.deepEqual(
      [...metrics.snapshot({ names: new Set(["c", "a", "none"]) })].map(({ name }) => name),
      ["a", "c"],
    );
    assert.equal(metrics.snapshot({ names: [] }).families.length, 0);
  });

  it("says when a snapshot was taken, and when series were made", () => {
    const clock = new ManualClock(1000);
    const metrics = new Registry({ clock });
    clock.advance(500);
    const frames = metrics.counter("frames_total", { help, labels: ["model"] });
    metrics.histogram("latency_seconds", { help });
    clock.advance(500);
    frames.inc({ model: "a" });
    clock.advance(500);
    const snapshot = metrics.snapshot();
    assert.deepEqual(
      [snapshot.timestamp, snapshot.get("frames_total")!.created![0], snapshot.get("latency_seconds")!.created![0]],
      [1001.5, 1001, 1000.5],
    );
  });

  it("passes on help, unit and the rule of merging", () => {
    const metrics = new Registry();
    metrics.counter("wait_seconds_total", { help: "Time waited.", unit: "seconds" });
    metrics.gauge("temperature_celsius", { help, unit: "celsius", merge: "max" });
    const snapshot = metrics.snapshot();
    const [wait, temperature] = [snapshot.get("wait_seconds_total")!, snapshot.get("temperature_celsius")!];
    assert.deepEqual([wait.help, wait.unit, wait.rule, temperature.unit, temperature.rule], ["Time waited.", "seconds", "sum", "celsius", "max"]);
  });

  it("lays closed sets out at zero", () => {
    const metrics = new Registry();
    metrics.counter("frames_total", { help, labels: { status: ["ok", "error"], side: ["left", "right"] } });
    metrics.histogram("latency_seconds", { help, labels: { status: ["ok", "error"] } });
    const snapshot = metrics.snapshot();
    assert.deepEqual(
      ["left", "right"].map((side) => snapshot.value("frames_total", { status: "error", side })),
      [0, 0],
    );
    assert.deepEqual([snapshot.get("frames_total")!.length, snapshot.get("latency_seconds")!.length], [4, 2]);
  });

  it("is closed at the end of a block", async () => {
    let closed = 0;
    {
      await using metrics = new Registry();
      metrics.register({ name: "pool", register: () => {}, collect: () => {}, close: async () => void closed++ });
    }
    assert.equal(closed, 1);
  });

  const mistakes: readonly (readonly [what: string, options: unknown, code: string, message: RegExp])[] = [
    ["a namespace with a dash", { namespace: "my-app" }, "NAME_INVALID", /Namespace "my-app": use letters, digits and underscores/],
    ["a limit of 0", { seriesLimit: 0 }, "OPTION_INVALID", /seriesLimit is 0. Give a number of at least 1/],
    ["a limit that is NaN", { seriesLimit: Number.NaN }, "OPTION_INVALID", /seriesLimit is NaN/],
    ["a label that is no text", { labels: { site: 1 } }, "LABEL_VALUE_INVALID", /Label "site" of the registry is 1. Label values are strings/],
    ["a label with a dash", { labels: { "my-site": "a" } }, "LABEL_NAME_INVALID", /Label "my-site" of the registry: use letters/],
    ["the label of buckets", { labels: { le: "a" } }, "LABEL_NAME_INVALID", /Label "le" of the registry/],
    ["the label of quantiles", { labels: { quantile: "a" } }, "LABEL_NAME_INVALID", /Label "quantile" of the registry/],
    [
      "a label of our own metrics",
      { labels: { metric: "a" } },
      "LABEL_NAME_INVALID",
      /Label "metric" of the registry: a metric of our own has it. Choose another name/,
    ],
    ["the other one", { labels: { collector: "a" } }, "LABEL_NAME_INVALID", /Label "collector"/],
  ];
  for (const [what, options, code, message] of mistakes) {
    it(`refuses ${what}`, () => assert.throws(() => new Registry(options as RegistryOptions), { name: "InferometerError", code, message }));
  }
});
