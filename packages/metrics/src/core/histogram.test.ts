import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { latencyBuckets } from "./buckets.ts";
import { ManualClock } from "./clock.ts";
import { Registry } from "./registry.ts";
import { nativeCount } from "./snapshot.ts";

const INF = Number.POSITIVE_INFINITY;
const options = { help: "Time to detect.", buckets: [0.1, 1] } as const;

describe("a histogram", () => {
  it("counts a value in the bucket whose bound is at least the value", () => {
    const metrics = new Registry();
    const latency = metrics.histogram("latency_seconds", options);
    for (const value of [0.05, 0.1, 0.100001, 1, 1.5, -3]) latency.observe(value);
    const { count, sum, buckets } = metrics.snapshot().get("latency_seconds")!.histogram();
    assert.deepEqual(
      [count, buckets],
      [
        6,
        [
          [0.1, 3],
          [1, 5],
          [INF, 6],
        ],
      ],
    );
    assert.ok(Math.abs(sum - -0.249999) < 1e-12);
  });

  it("has the buckets of latencies by default, and none of these beside native ones", () => {
    const metrics = new Registry();
    metrics.histogram("a_seconds", { help: "A." });
    metrics.histogram("b_seconds", { help: "B.", native: {} });
    const snapshot = metrics.snapshot();
    assert.deepEqual(snapshot.get("a_seconds")!.bounds, latencyBuckets);
    assert.equal(snapshot.get("b_seconds")!.bounds, undefined);
    assert.equal(snapshot.get("b_seconds")!.histogram().native!.schema, 5);
  });

  for (const [what, shape] of Object.entries({ classic: { buckets: [1] }, native: { native: {} }, both: { buckets: [1], native: { schema: 8 } } })) {
    it(`counts the same by every way (${what})`, () => {
      const metrics = new Registry();
      const plain = metrics.histogram("a_seconds", { help: "A.", ...shape });
      const labelled = metrics.histogram("b_seconds", { help: "B.", labels: ["model"], ...shape });
      const held = labelled.labels({ model: "held" });
      for (const value of [0.5, 2, 0, -1, 3]) {
        plain.observe(value);
        labelled.observe({ model: "labels" }, value);
        held.observe(value);
      }
      const snapshot = metrics.snapshot();
      const [a, b] = [snapshot.get("a_seconds")!, snapshot.get("b_seconds")!];
      const point = a.histogram();
      assert.deepEqual(b.histogram(b.row({ model: "labels" })), point);
      assert.deepEqual(b.histogram(b.row({ model: "held" })), point);
      assert.deepEqual([point.count, point.sum], [5, 4.5]);
      if (point.native !== undefined) assert.equal(nativeCount(point.native), 5);
    });
  }

  for (const value of [Number.NaN, INF, -INF, "1", null, undefined, 1n, {}]) {
    it(`refuses ${typeof value === "bigint" ? "1n" : String(JSON.stringify(value) ?? value)} by every way, and stays whole`, () => {
      const metrics = new Registry();
      const plain = metrics.histogram("a_seconds", { ...options, native: {} });
      const labelled = metrics.histogram("b_seconds", { ...options, labels: ["x"] });
      const refusal = {
        code: "VALUE_INVALID",
        message: /_seconds cannot observe .*: one such value would spoil its sum for ever. Pass a finite number/,
      };
      assert.throws(() => plain.observe(value as number), refusal);
      for (let round = 0; round < 3; round++) assert.throws(() => labelled.observe({ x: "1" }, value as number), refusal);
      assert.throws(() => labelled.labels({ x: "1" }).observe(value as number), refusal);
      assert.deepEqual([plain.statistics().count, labelled.statistics({ x: "1" }).sum], [0, 0]);
    });
  }
});

describe("a histogram reads back", () => {
  it("count, sum, mean and quantiles", () => {
    const latency = new Registry().histogram("latency_seconds", { help: "Time.", buckets: [1, 2, 4], labels: ["model"] });
    for (const value of [1, 2, 2, 4]) latency.observe({ model: "a" }, value);
    assert.deepEqual(latency.statistics({ model: "a" }), { count: 4, sum: 9, mean: 2.25 });
    const distribution = latency.distribution({ model: "a" });
    assert.deepEqual([distribution.count, distribution.sum, distribution.mean, distribution.quantile(0.5)], [4, 9, 2.25, 1.5]);
    latency.observe({ model: "a" }, 100);
    assert.equal(distribution.count, 4, "a distribution is of one moment");
    assert.equal(latency.labels({ model: "a" }).distribution().count, 5);
  });

  it("of native buckets within their width", () => {
    const latency = new Registry().histogram("latency_seconds", { help: "Time.", native: { schema: 8 } });
    for (let k = 1; k <= 1000; k++) latency.observe(k / 1000);
    assert.ok(Math.abs(latency.distribution().quantile(0.9) / 0.9 - 1) < 0.01);
  });

  it("nothing, and no mean, of a series that is not there", () => {
    const latency = new Registry().histogram("latency_seconds", { ...options, labels: ["model"] });
    const { count, sum, mean } = latency.statistics({ model: "none" });
    assert.deepEqual([count, sum], [0, 0]);
    assert.ok(Number.isNaN(mean) && Number.isNaN(latency.distribution({ model: "none" }).quantile(0.5)));
  });
});

describe("the timers of a histogram", () => {
  it("observe seconds under labels that the caller may change meanwhile", () => {
    const clock = new ManualClock();
    const latency = new Registry({ clock }).histogram("latency_seconds", { ...options, labels: ["model"] });
    const labels = { model: "a" };
    const timer = latency.startTimer(labels);
    labels.model = "b";
    clock.advance(500);
    assert.equal(timer.stop(), 0.5);
    assert.deepEqual([latency.statistics({ model: "a" }).sum, latency.statistics({ model: "b" }).count], [0.5, 0]);
  });

  it("take the missing labels at the end", () => {
    const clock = new ManualClock();
    const latency = new Registry({ clock }).histogram("latency_seconds", { ...options, labels: ["model", "status"] });
    const given = { model: "a" };
    const [partly, not] = [latency.startTimer(given), latency.startTimer()];
    given.model = "changed";
    clock.advance(250);
    partly.stop({ status: "ok" });
    not.stop({ model: "b", status: "ok" });
    assert.deepEqual([latency.statistics({ model: "a", status: "ok" }).sum, latency.statistics({ model: "b", status: "ok" }).sum], [0.25, 0.25]);
  });

  it("wait for a label that is called like a member of every object", () => {
    const clock = new ManualClock();
    const latency = new Registry({ clock }).histogram("latency_seconds", { ...options, labels: ["constructor"] });
    const timer = latency.startTimer({});
    clock.advance(100);
    timer.stop({ constructor: "x" });
    assert.equal(latency.statistics({ constructor: "x" }).count, 1);
  });

  it("time work, plain and async, under labels that the caller may change meanwhile", async () => {
    const clock = new ManualClock();
    const metrics = new Registry({ clock });
    const plain = metrics.histogram("a_seconds", options);
    const latency = metrics.histogram("latency_seconds", { ...options, labels: ["model"] });
    const took = (ms: number) => (): string => {
      clock.advance(ms);
      return "done";
    };
    assert.equal(plain.time(took(100)), "done");
    assert.equal(latency.labels({ model: "a" }).time(took(500)), "done");
    const labels = { model: "a" };
    const running = latency.time(labels, async () => "later");
    labels.model = "b";
    clock.advance(2000);
    assert.equal(await running, "later");
    using timer = plain.startTimer();
    clock.advance(300);
    timer.stop();
    assert.deepEqual([plain.statistics().sum, latency.statistics({ model: "a" }).sum, latency.statistics({ model: "b" }).count], [0.4, 2.5, 0]);
  });
});

describe("a histogram's exemplars", () => {
  it("keep the newest of each bucket", () => {
    const clock = new ManualClock(1000);
    const metrics = new Registry({ clock });
    const latency = metrics.histogram("latency_seconds", { ...options, labels: ["model"] });
    const held = latency.labels({ model: "a" });
    held.observe(0.05, { exemplar: { id: "1" } });
    latency.observe({ model: "a" }, 0.07, { exemplar: { id: "2" } });
    latency.observe({ model: "a" }, 5, { exemplar: { id: "3" } });
    held.observe(0.5, { exemplar: { id: "4" } });
    held.observe(0.6, {});
    const exemplars = metrics.snapshot().get("latency_seconds")!.exemplars!.get(0)!;
    assert.deepEqual(
      exemplars.map(({ labels, value }) => [labels.id, value]),
      [
        ["2", 0.07],
        ["4", 0.5],
        ["3", 5],
      ],
    );
    assert.equal(exemplars[0]!.timestamp, 1000);
  });

  it("of native buckets alone: the newest", () => {
    const metrics = new Registry();
    const latency = metrics.histogram("latency_seconds", { help: "Time.", native: {} });
    for (const id of ["1", "2"]) latency.observe(Number(id), { exemplar: { id } });
    assert.deepEqual(
      metrics
        .snapshot()
        .get("latency_seconds")!
        .exemplars!.get(0)!
        .map(({ labels }) => labels.id),
      ["2"],
    );
  });
});

describe("clearing a histogram", () => {
  it("removes every series", () => {
    const latency = new Registry().histogram("latency_seconds", { ...options, labels: ["model"] });
    latency.observe({ model: "a" }, 1);
    latency.clear();
    assert.equal(latency.statistics({ model: "a" }).count, 0);
  });
});

describe("the handle of a removed histogram series", () => {
  it("counts nowhere, and never disturbs another handle", () => {
    const metrics = new Registry();
    const shapes = [
      { buckets: [1, 2, 3, 4, 5] },
      { native: { schema: 8 } },
      { buckets: [1], native: {} },
      { buckets: latencyBuckets, native: { schema: 0 } },
    ];
    const handles = shapes.map((shape, k) => {
      const latency = metrics.histogram(`m${k}_seconds`, { help: "M.", labels: ["x"], ...shape });
      const held = latency.labels({ x: "1" });
      latency.remove({ x: "1" });
      return held;
    });
    // Wide values make native windows move and halve; with shared scratch numbers that did not end.
    for (const value of [1e300, -1e300, 5, 1e-9, 0, 12345, -7])
      for (const handle of handles) for (let n = 0; n < 20; n++) handle.observe(value, { exemplar: { id: "1" } });
    for (const handle of handles) assert.deepEqual([handle.statistics().count, handle.statistics().sum], [0, 0]);
    for (const family of metrics.snapshot()) assert.equal(family.length, 0);
  });
});
