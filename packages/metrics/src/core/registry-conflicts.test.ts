import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Registry } from "./registry.ts";

const help = "Something.";
type Make = (metrics: Registry) => object;

describe("registering a metric twice", () => {
  const alike: readonly (readonly [what: string, make: Make])[] = [
    ["a counter", (m) => m.counter("a_total", { help })],
    ["a family", (m) => m.counter("a_total", { help, labels: { x: String, y: ["1", "2"] } })],
    ["a gauge with a callback", (m) => m.gauge("a", { help, read: () => 1 })],
    ["a histogram", (m) => m.histogram("a", { help, buckets: [1, 2], native: { schema: 3 } })],
    ["a histogram with +Inf written out", (m) => m.histogram("a", { help, buckets: [1, Number.POSITIVE_INFINITY] })],
    ["a summary", (m) => m.summary("a", { help, quantiles: [0.9, 0.5], maxAge: "5m" })],
    ["an info", (m) => m.info("a_info", { help, labels: ["x"] })],
    ["a state set", (m) => m.stateSet("a", { help, states: ["up", "down"] })],
  ];
  for (const [what, make] of alike) {
    it(`gives the first: ${what}`, () => {
      const metrics = new Registry();
      assert.equal(make(metrics), make(metrics));
      assert.equal(metrics.snapshot().families.length, 1);
    });
  }

  it("takes an array and an object of labels for the same", () => {
    const metrics = new Registry();
    assert.equal(metrics.gauge("a", { help, labels: ["x"] }), metrics.gauge("a", { help, labels: { x: String } }));
  });

  it("takes a default written out for the same", () => {
    const metrics = new Registry();
    assert.equal(metrics.summary("a", { help }), metrics.summary("a", { help, quantiles: [0.5, 0.9, 0.99], maxAge: "600s", ageBuckets: 5 }));
    assert.equal(metrics.gauge("b", { help }), metrics.gauge("b", { help, merge: "sum", seriesLimit: 10_000 }));
  });
});

describe("registering a metric otherwise", () => {
  const cases: readonly (readonly [what: string, first: Make, second: Make, difference: RegExp])[] = [
    ["of another type", (m) => m.gauge("a", { help }), (m) => m.histogram("a", { help }), /type was "gauge", now "histogram"/],
    ["with another help", (m) => m.gauge("a", { help }), (m) => m.gauge("a", { help: "Else." }), /help was "Something.", now "Else."/],
    ["with another unit", (m) => m.gauge("a_bytes", { help }), (m) => m.gauge("a_bytes", { help, unit: "bytes" }), /unit was "", now "bytes"/],
    ["with another rule", (m) => m.gauge("a", { help }), (m) => m.gauge("a", { help, merge: "max" }), /rule was "sum", now "max"/],
    [
      "with other labels",
      (m) => m.gauge("a", { help, labels: ["x"] }),
      (m) => m.gauge("a", { help, labels: ["y"] }),
      /labels was .*"x".*, now .*"y"/,
    ],
    ["without labels", (m) => m.gauge("a", { help, labels: ["x"] }), (m) => m.gauge("a", { help }), /labels was /],
    [
      "with labels in another order",
      (m) => m.gauge("a", { help, labels: ["x", "y"] }),
      (m) => m.gauge("a", { help, labels: ["y", "x"] }),
      /labels was /,
    ],
    [
      "with another closed set",
      (m) => m.gauge("a", { help, labels: { x: ["1"] } }),
      (m) => m.gauge("a", { help, labels: { x: ["1", "2"] } }),
      /labels was /,
    ],
    ["with another limit", (m) => m.gauge("a", { help }), (m) => m.gauge("a", { help, seriesLimit: 5 }), /seriesLimit was 10000, now 5/],
    ["with an expiry", (m) => m.gauge("a", { help }), (m) => m.gauge("a", { help, expireAfter: "1m" }), /expireAfterMs was undefined, now 60000/],
    [
      "with other buckets",
      (m) => m.histogram("a", { help, buckets: [1] }),
      (m) => m.histogram("a", { help, buckets: [1, 2] }),
      /shape was \{"bounds":\[1\]\}, now \{"bounds":\[1,2\]\}/,
    ],
    [
      "with native buckets",
      (m) => m.histogram("a", { help, buckets: [1] }),
      (m) => m.histogram("a", { help, buckets: [1], native: {} }),
      /shape was .*, now .*"schema":5/,
    ],
    ["with other quantiles", (m) => m.summary("a", { help }), (m) => m.summary("a", { help, quantiles: [0.5] }), /shape was .*0.99.*, now /],
    [
      "with other states",
      (m) => m.stateSet("a", { help, states: ["x"] }),
      (m) => m.stateSet("a", { help, states: ["y"] }),
      /labels was .*"x".*, now .*"y"/,
    ],
  ];
  for (const [what, first, second, difference] of cases) {
    it(`throws ${what}, says in what it differs, and keeps the first`, () => {
      const metrics = new Registry();
      const made = first(metrics);
      const name = metrics.snapshot().families[0]!.name;
      assert.throws(
        () => second(metrics),
        (error: Error & { code?: string }) => {
          assert.equal(error.code, "METRIC_CONFLICT");
          assert.match(
            error.message,
            new RegExp(`^${name} is registered already, declared otherwise: .*\\. Declare it alike, or choose another name\\.$`),
          );
          assert.match(error.message, difference);
          return true;
        },
      );
      assert.equal(metrics.get(name), made);
      assert.equal(metrics.snapshot().families.length, 1);
    });
  }
});

describe("two metrics that would write the same sample", () => {
  const histogram: Make = (m) => m.histogram("a", { help });
  const summary: Make = (m) => m.summary("a", { help });
  const counter: Make = (m) => m.counter("a_total", { help });
  const info: Make = (m) => m.info("a_info", { help, labels: ["x"] });
  const gauge =
    (name: string): Make =>
    (m) =>
      m.gauge(name, { help, lint: "off" });
  const cases: readonly (readonly [first: Make, second: Make, sample: string])[] = [
    [histogram, gauge("a_bucket"), "a_bucket"],
    [histogram, gauge("a_count"), "a_count"],
    [histogram, gauge("a_sum"), "a_sum"],
    [summary, gauge("a_count"), "a_count"],
    [summary, gauge("a_sum"), "a_sum"],
    [histogram, counter, "a"],
    [counter, gauge("a"), "a"],
    [info, gauge("a"), "a"],
    [info, counter, "a"],
  ];
  for (const [first, second, sample] of cases) {
    it(`throws in either order for ${sample}`, () => {
      for (const [one, two] of [
        [first, second],
        [second, first],
      ] as const) {
        const metrics = new Registry();
        one(metrics);
        const message = new RegExp(` would write ${sample}, which .* writes already. Choose another name`);
        assert.throws(() => two(metrics), { code: "METRIC_CONFLICT", message });
        assert.equal(metrics.snapshot().families.length, 1);
      }
    });
  }

  it("is no question for names that only look alike", () => {
    const metrics = new Registry();
    for (const name of ["a", "a_bucket", "a_count", "a_sum", "a_created"]) gauge(name)(metrics);
    assert.equal(metrics.snapshot().families.length, 5);
  });
});
