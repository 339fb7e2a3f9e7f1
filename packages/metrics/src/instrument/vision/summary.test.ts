import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { NoopRegistry } from "../../core/noop.ts";
import { Registry } from "../../core/registry.ts";
import type { VisionSummary } from "./summary.ts";
import { visionMetrics } from "./vision.ts";

function filled(namespace: string): VisionSummary {
  const registry = new Registry(namespace === "" ? {} : { namespace });
  registry.counter("other_frames_received_total", { help: "A name that ends like ours." }).inc(7);
  const vision = visionMetrics({ model: "owlv2", registry });
  const other = visionMetrics({ model: "other", registry });
  vision.frameReceived(5);
  vision.frameProcessed();
  vision.frameProcessed();
  vision.frameProcessed("error");
  vision.frameDropped("stale");
  other.frameDropped("stale");
  vision.detected([
    { label: "person", confidence: 0.5 },
    { label: "__proto__", confidence: 0.5 },
  ]);
  other.detected("person", 0.5);
  vision.latency("total", 0.02);
  vision.latency("total", 0.04);
  other.latency("total", 9);
  vision.trackCreated(3);
  vision.trackLost("left_frame");
  vision.redisOperation("publish", 0.1);
  for (let k = 0; k < 11; k++) vision.redisOperation("publish", 0.1, { error: k < 5 ? "timeout" : "closed" });
  vision.redisOperation("read", 0.1);
  vision.error("detector", "timeout");
  vision.error("detector", "memory");
  vision.error("source", "lost");
  return vision.summary();
}

describe("summary", () => {
  for (const namespace of ["", "vision", "other"]) {
    it(`tells what the metrics of its model hold, in the namespace "${namespace}"`, () => {
      const { latency, framesPerSecond, ...rest } = filled(namespace);
      assert.deepEqual(rest, {
        model: "owlv2",
        frames: {
          received: 5,
          processed: 2,
          failed: 1,
          dropped: { backpressure: 0, stale: 1, sampled: 0, trimmed: 0, corrupt: 0, paused: 0, shutdown: 0 },
          inFlight: 0,
        },
        detections: {
          total: 2,
          byClass: Object.fromEntries([
            ["person", 1],
            ["__proto__", 1],
          ]),
        },
        tracks: { created: 3, lost: { expired: 0, left_frame: 1, duplicate: 0, stream_end: 0 }, active: 2 },
        redisOperations: { publish: { success: 1, failure: 11 }, read: { success: 1, failure: 0 } },
        errors: { total: 3, byComponent: { detector: 2, source: 1 } },
      });
      assert.equal(framesPerSecond, 3);
      assert.deepEqual(
        [latency.total.count, latency.total.sumSeconds.toFixed(9), latency.total.meanSeconds.toFixed(9)],
        [2, "0.060000000", "0.030000000"],
      );
      assert.ok(latency.total.p50Seconds >= 0.01 && latency.total.p50Seconds <= latency.total.p95Seconds && latency.total.p99Seconds <= 0.05);
      assert.deepEqual(latency.decode, { count: 0, sumSeconds: 0, meanSeconds: 0, p50Seconds: 0, p95Seconds: 0, p99Seconds: 0 });
    });
  }

  it("is plain data without NaN, before anything was recorded too", () => {
    const summary = visionMetrics({ model: "owlv2", registry: new Registry() }).summary();
    assert.deepEqual(JSON.parse(JSON.stringify(summary)), summary);
    assert.deepEqual(summary.redisOperations, {});
  });

  it("serves an alert check", () => {
    const { latency, redisOperations } = filled("vision");
    const alerts: string[] = [];
    if (latency.total.meanSeconds > 0.025) alerts.push("slow");
    if ((redisOperations.publish?.failure ?? 0) > 10) alerts.push("redis");
    assert.deepEqual(alerts, ["slow", "redis"]);
  });

  it("follows a registry that is reset", () => {
    const registry = new Registry();
    const vision = visionMetrics({ model: "owlv2", registry });
    vision.frameReceived(2);
    registry.reset();
    vision.frameReceived();
    assert.deepEqual([vision.summary().frames.received, vision.summary().frames.inFlight], [1, 1]);
  });

  it("is all zeros when metrics are off", () => {
    const vision = visionMetrics({ model: "owlv2", registry: new NoopRegistry() });
    vision.frameReceived();
    assert.deepEqual(vision.summary(), visionMetrics({ model: "owlv2", registry: new Registry() }).summary());
  });
});
