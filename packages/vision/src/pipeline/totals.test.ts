import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { detectionAt, reportOf } from "./fakes.test-kit.ts";
import { Latencies } from "./latencies.ts";
import { FrameCounts, Totals } from "./totals.ts";

describe("Totals", () => {
  it("does not grow with the labels and errors that come", () => {
    const totals = new Totals(["total"]);
    for (let number = 0; number < 2000; number++) {
      totals.countFrame(reportOf({ detections: [{ ...detectionAt(0), label: `label ${number}` }] }));
      totals.countError("detector", { type: `type ${number}`, message: "no" });
    }
    const { detections } = totals;
    assert.equal(Object.keys(detections).length, 1001);
    assert.equal(detections["other"], 1000);
    assert.equal(totals.errors.length, 100);
  });

  it("takes labels that are names of JavaScript's own", () => {
    const totals = new Totals(["total"]);
    totals.countFrame(reportOf({ detections: [{ ...detectionAt(0), label: "__proto__" }] }));
    assert.deepEqual(Object.entries(totals.detections), [["__proto__", 1]]);
  });

  it("keeps the last message of each kind of error", () => {
    const totals = new Totals([]);
    totals.countError("redis", { type: "timeout", message: "first" });
    totals.countError("redis", { type: "timeout", message: "second", count: 2 });
    assert.deepEqual(totals.errors, [{ component: "redis", type: "timeout", count: 3, message: "second" }]);
  });

  it("adds up frames of several sources", () => {
    const [one, other] = [new FrameCounts(), new FrameCounts()];
    Object.assign(one, { received: 5, processed: 2, failed: 1 });
    one.dropped.stale = 1;
    other.received = 3;
    const { received, processed, failed, dropped, inFlight } = new FrameCounts().add(one).add(other).summary();
    assert.deepEqual([received, processed, failed, dropped.stale, inFlight], [8, 2, 1, 1, 4]);
  });
});

describe("Latencies", () => {
  it("knows quantiles to 1 %, and the largest exactly", () => {
    const latencies = new Latencies();
    for (let millisecond = 1; millisecond <= 1000; millisecond++) {
      latencies.observe({ ...reportOf().stageSeconds, total: millisecond / 1000 }, ["total"]);
    }
    const { total, ...others } = latencies.summary();
    assert.deepEqual(others, {});
    assert.equal(total?.count, 1000);
    assert.equal(total?.maxSeconds, 1);
    assert.ok(Math.abs(total.meanSeconds - 0.5005) < 1e-9);
    for (const [seen, wanted] of [
      [total.p50Seconds, 0.5],
      [total.p95Seconds, 0.95],
      [total.p99Seconds, 0.99],
    ] as const) {
      assert.ok(Math.abs(seen / wanted - 1) <= 0.011, `${seen} for ${wanted}`);
    }
  });

  it("never gives a quantile above the largest", () => {
    const latencies = new Latencies();
    latencies.observe({ ...reportOf().stageSeconds, total: 0.0123 }, ["total"]);
    assert.ok(latencies.summary().total!.p99Seconds <= 0.0123);
  });
});
