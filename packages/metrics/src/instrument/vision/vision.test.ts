import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ManualClock } from "../../core/clock.ts";
import { registry as defaultRegistry } from "../../core/default-registry.ts";
import { Registry, type RegistryOptions } from "../../core/registry.ts";
import type { Snapshot } from "../../core/snapshot.ts";
import { DROP_REASONS, type DropReason, type FrameStatus, TRACK_END_REASONS, type TrackEndReason } from "./declarations.ts";
import { visionMetrics } from "./vision.ts";
import type { VisionMetrics, VisionMetricsOptions } from "./vision-metrics.ts";

const model = "owlv2";

function made(options: Partial<VisionMetricsOptions> = {}, of: RegistryOptions = {}): { vision: VisionMetrics; registry: Registry } {
  const registry = new Registry({ lint: "throw", ...of });
  return { registry, vision: visionMetrics({ model, registry, ...options }) };
}

const sumOf = (snapshot: Snapshot, name: string): number => {
  const family = snapshot.get(name)!;
  return Array.from({ length: family.length }, (_, row) => family.value(row)).reduce((sum, value) => sum + value, 0);
};

/** Name, type and labels of every metric: the contract. */
const CATALOGUE = `
active_tracks gauge model
decode_errors_total counter source type
detection_confidence histogram model class
detection_latency_seconds histogram model stage
detections_per_frame histogram model
detections_total counter model class
errors_total counter component error_type
execution_provider_fallback_total counter from to
fps gauge
frame_age_seconds histogram source
frames_dropped_total counter model reason
frames_in_flight gauge
frames_processed_total counter model status
frames_received_total counter source
gpu_memory_usage_bytes gauge device
memory_usage_bytes gauge type
model_batch_size histogram model
model_inference_duration_seconds histogram model device
model_load_duration_seconds gauge model
queue_size gauge queue_type
queue_wait_duration_seconds histogram queue_type
redis_errors_total counter operation error_type
redis_operation_duration_seconds histogram operation
redis_operations_total counter operation status
redis_stream_lag gauge source
source_last_frame_timestamp_seconds gauge source
source_restarts_total counter source reason
source_up gauge source
track_duration_seconds histogram model class
track_lifetime_seconds summary model class
tracks_created_total counter model
tracks_lost_total counter model reason`;

/** A call, and the series that it must have written. */
const CALLS: readonly (readonly [call: (vision: VisionMetrics) => void, name: string, labels: Record<string, string>, value: number])[] = [
  [(v) => v.frameReceived(), "frames_received_total", { source: "default" }, 1],
  [(v) => v.frameReceived(4), "frames_in_flight", {}, 4],
  [(v) => v.frameReceived(), "source_last_frame_timestamp_seconds", { source: "default" }, 1_700_000_000],
  [(v) => v.frameProcessed(), "frames_processed_total", { model, status: "success" }, 1],
  [(v) => v.frameProcessed("error"), "frames_processed_total", { model, status: "error" }, 1],
  [(v) => v.frameDropped(), "frames_dropped_total", { model, reason: "backpressure" }, 1],
  [(v) => v.frameDropped("trimmed", 45), "frames_dropped_total", { model, reason: "trimmed" }, 45],
  [(v) => v.frameAge(0.2), "frame_age_seconds", { source: "default" }, 1],
  [(v) => v.detected("person", 0.9), "detections_total", { model, class: "person" }, 1],
  [(v) => v.detected("person", 0.9), "detection_confidence", { model, class: "person" }, 1],
  [(v) => v.detected("person", 0.9), "detections_per_frame", { model }, 0],
  [(v) => v.detected([]), "detections_per_frame", { model }, 1],
  [(v) => v.latency("decode", 0.01), "detection_latency_seconds", { model, stage: "decode" }, 1],
  [(v) => v.modelInference(0.03), "model_inference_duration_seconds", { model, device: "cpu" }, 1],
  [(v) => v.modelInference(0.03, { device: "cuda:0", batchSize: 8 }), "model_inference_duration_seconds", { model, device: "cuda:0" }, 1],
  [(v) => v.modelInference(0.03, { batchSize: 8 }), "model_batch_size", { model }, 1],
  [(v) => v.modelLoaded(1.5), "model_load_duration_seconds", { model }, 1.5],
  [(v) => v.providerFallback("cuda", "cpu"), "execution_provider_fallback_total", { from: "cuda", to: "cpu" }, 1],
  [(v) => v.trackCreated(3), "tracks_created_total", { model }, 3],
  [(v) => v.trackCreated(3), "active_tracks", { model }, 3],
  [(v) => v.trackLost("expired"), "tracks_lost_total", { model, reason: "expired" }, 1],
  [(v) => v.trackLost("expired", { label: "car", seconds: 4 }), "track_lifetime_seconds", { model, class: "car" }, 4],
  [(v) => v.trackLost("expired", { label: "car", seconds: 4 }), "track_duration_seconds", { model, class: "car" }, 1],
  [(v) => v.activeTracks(15), "active_tracks", { model }, 15],
  [(v) => v.redisOperation("publish", 0.001), "redis_operations_total", { operation: "publish", status: "success" }, 1],
  [(v) => v.redisOperation("publish", 0.001), "redis_operation_duration_seconds", { operation: "publish" }, 1],
  [(v) => v.redisOperation("publish", 1, { error: "timeout" }), "redis_operations_total", { operation: "publish", status: "failure" }, 1],
  [(v) => v.redisOperation("publish", 1, { error: "timeout" }), "redis_errors_total", { operation: "publish", error_type: "timeout" }, 1],
  [(v) => v.memory("rss", 1e9), "memory_usage_bytes", { type: "rss" }, 1e9],
  [(v) => v.gpuMemory("cuda:0", 2e9), "gpu_memory_usage_bytes", { device: "cuda:0" }, 2e9],
  [(v) => v.error("source", "undecodable", { count: 3 }), "errors_total", { component: "source", error_type: "undecodable" }, 3],
  [(v) => v.queueSize("frames", 3), "queue_size", { queue_type: "frames" }, 3],
  [(v) => v.queueWait("frames", 0.01), "queue_wait_duration_seconds", { queue_type: "frames" }, 1],
  [(v) => v.source("door").frameReceived(2), "frames_received_total", { source: "door" }, 2],
  [(v) => v.source("door").frameAge(0.1), "frame_age_seconds", { source: "door" }, 1],
  [(v) => v.source("door").up(), "source_up", { source: "door" }, 1],
  [(v) => v.source("door").down(), "source_up", { source: "door" }, 0],
  [(v) => v.source("door").restarted("stalled"), "source_restarts_total", { source: "door", reason: "stalled" }, 1],
  [(v) => v.source("door").decodeError("corrupt", 130), "decode_errors_total", { source: "door", type: "corrupt" }, 130],
  [(v) => v.source("door").lag(3), "redis_stream_lag", { source: "door" }, 3],
];

describe("visionMetrics", () => {
  it("declares every metric of the catalogue and no other, under the registry's namespace", () => {
    const { registry } = made({}, { namespace: "vision_detect_segment" });
    const declared = [...registry.snapshot()].map(({ name, type, labelNames }) => [name, type, ...labelNames].join(" ")).sort();
    const wanted = CATALOGUE.trim().split("\n");
    assert.deepEqual(
      declared,
      wanted.map((line) => `vision_detect_segment_${line}`),
    );
  });

  for (const [call, name, labels, value] of CALLS) {
    it(`records ${name}{${Object.values(labels).join()}} by ${String(call).slice("(v) => v.".length)}`, () => {
      const { vision, registry } = made({ clock: new ManualClock() });
      call(vision);
      const family = registry.snapshot().get(name)!;
      const row = family.row(labels);
      if (row === -1) assert.fail(`${name} has no such series`);
      assert.equal(family.type === "summary" ? family.summary(row).sum : family.value(row), value);
    });
  }

  it("has a call for each metric of the catalogue", () => {
    const recorded = new Set([...CALLS.map(([, name]) => name), "fps"]); // fps is read from the frames
    const named = CATALOGUE.trim()
      .split("\n")
      .map((line) => line.split(" ")[0]!);
    assert.deepEqual(
      named.filter((name) => !recorded.has(name)),
      [],
    );
  });

  it("shows every drop reason, stage and end of a track at zero before the first", () => {
    const snapshot = made().registry.snapshot();
    const rows = (name: string): number => snapshot.get(name)!.length;
    assert.deepEqual(["frames_dropped_total", "frames_processed_total", "detection_latency_seconds", "tracks_lost_total"].map(rows), [7, 2, 6, 4]);
    assert.equal(snapshot.value("tracks_lost_total", { model, reason: "left_frame" }), 0);
  });

  it("has no time of a last frame before there was a frame, which would be 1970", () => {
    const { vision, registry } = made();
    vision.source("door").up();
    assert.equal(registry.snapshot().value("source_last_frame_timestamp_seconds", { source: "door" }), undefined);
  });

  it("uses the default registry where none is given", () => {
    visionMetrics({ model }).error("detector", "timeout");
    assert.equal(defaultRegistry.snapshot().value("errors_total", { component: "detector", error_type: "timeout" }), 1);
    defaultRegistry.clear();
  });

  it("takes the bounds that it is given, and adds native buckets when asked", () => {
    const { registry, vision } = made({
      buckets: { latency: [0.01, 0.05], confidence: [0.5], detections: [3], batchSize: [1], trackLifetime: [60] },
      native: {},
    });
    vision.latency("inference", 0.02);
    const snapshot = registry.snapshot();
    const bounds = (name: string): readonly number[] | undefined => snapshot.get(name)!.bounds;
    assert.deepEqual(
      ["detection_latency_seconds", "detection_confidence", "detections_per_frame", "model_batch_size", "track_duration_seconds"].map(bounds),
      [[0.01, 0.05], [0.5], [3], [1], [60]],
    );
    const latency = snapshot.get("detection_latency_seconds")!;
    assert.notEqual(latency.histogram(latency.row({ model, stage: "inference" })).native, undefined);
  });

  it("has the bounds that latency objectives name, where none are given", () => {
    const bounds = made().registry.snapshot().get("detection_latency_seconds")!.bounds!;
    assert.deepEqual(
      [0.01, 0.025, 0.05, 0.1, 0.25, 0.5].filter((bound) => !bounds.includes(bound)),
      [],
    );
  });

  it("refuses what cannot be a model, a source or a window", () => {
    for (const options of [{ model: "" }, { source: "" }, { model: 7 as unknown as string }, { fpsWindow: "500ms" }, { classLimit: 0 }])
      assert.throws(() => made(options), { code: "OPTION_INVALID" }, JSON.stringify(options));
    assert.throws(() => made({ fpsWindow: "10" }), { code: "DURATION_INVALID" });
    assert.throws(() => made({ buckets: { confidence: [2, 1] } }), { code: "BUCKETS_INVALID" });
  });

  it("says so when the registry has one of the names with another meaning", () => {
    const registry = new Registry();
    registry.gauge("queue_size", { help: "Frames waiting." });
    assert.throws(() => visionMetrics({ model, registry }), { code: "METRIC_CONFLICT", message: /queue_size/ });
  });

  it("refuses numbers that would spoil a series, and words outside of a closed set", () => {
    const { vision, registry } = made();
    for (const call of [
      () => vision.latency("inference", Number.NaN),
      () => vision.frameReceived(-1),
      () => vision.frameDropped("stale", Number.NaN),
      () => vision.trackCreated(-1),
      () => vision.queueWait("frames", Number.POSITIVE_INFINITY),
      () => vision.redisOperation("publish", Number.NaN, { error: "timeout" }),
      () => vision.trackLost("expired", { label: "person", seconds: Number.NaN }),
    ])
      assert.throws(call, { code: "VALUE_INVALID" });
    for (const call of [
      () => vision.frameDropped("tired" as DropReason),
      () => vision.frameDropped("constructor" as DropReason),
      () => vision.latency("draw" as "decode", 1),
      () => vision.frameProcessed("failed" as FrameStatus),
      () => vision.trackLost("bored" as TrackEndReason),
    ])
      assert.throws(call, { code: "LABEL_VALUE_INVALID" });
    for (const { name, type, values } of registry.snapshot()) {
      const counted = type === "summary" ? values.subarray(0, 2) : values; // quantiles of nothing are NaN
      assert.equal(
        counted.find((value) => value !== 0),
        undefined,
        name,
      );
    }
  });

  it("counts no object whose confidence is not a number", () => {
    const { vision, registry } = made();
    vision.detected("person", 0.5);
    for (const label of ["person", "car"]) assert.throws(() => vision.detected(label, Number.NaN), { code: "VALUE_INVALID" });
    assert.equal(sumOf(registry.snapshot(), "detections_total"), 1);
  });

  it("counts the objects of a frame by class, and the frame by their number", () => {
    const { vision, registry } = made();
    const [person, car] = [
      { label: "person", confidence: 0.9, box: [1, 2, 3, 4] },
      { label: "car", confidence: 0.4 },
    ];
    vision.detected([person, car, person]);
    vision.detected([person]);
    const snapshot = registry.snapshot();
    assert.deepEqual(
      ["person", "car"].map((name) => snapshot.value("detections_total", { model, class: name })),
      [3, 1],
    );
    assert.deepEqual(snapshot.get("detections_per_frame")!.histogram().sum, 4);
    const confidence = snapshot.get("detection_confidence")!;
    assert.equal(confidence.histogram(confidence.row({ model, class: "person" })).sum.toFixed(6), "2.700000");
  });

  it("puts classes over the limit together, counts each such record, and loses none", () => {
    const { vision, registry } = made({ classLimit: 3 });
    for (let round = 0; round < 4; round++) vision.detected(["a", "b", "c", "d", "e"].map((label) => ({ label, confidence: 0.5 })));
    const snapshot = registry.snapshot();
    const other = { model: "__overflow__", class: "__overflow__" };
    assert.deepEqual(
      [
        snapshot.value("detections_total", { model, class: "c" }),
        snapshot.value("detections_total", other),
        snapshot.value("detection_confidence", other),
      ],
      [4, 8, 8],
    );
    assert.equal(snapshot.value("inferometer_series_overflow_total", { metric: "detections_total" }), 8);
  });

  it("leaves a user and password out of a source's name", () => {
    const { vision } = made();
    assert.equal(vision.source("rtsp://admin:s3cret@10.0.0.7:554/live?channel=1").name, "rtsp://10.0.0.7:554/live?channel=1");
    assert.equal(vision.source("redis://:p@ss@localhost/frames").name, "redis://localhost/frames");
    assert.equal(vision.source("mail@home.mp4").name, "mail@home.mp4");
    assert.equal(vision.source("http://host/a@b").name, "http://host/a@b");
  });

  it("returns the same calls for the same source", () => {
    const { vision } = made({ source: "door" });
    vision.frameReceived();
    vision.source("door").frameReceived();
    assert.equal(vision.source("door"), vision.source("door"));
    assert.equal(vision.summary().frames.received, 2);
  });
});

describe("the stage timer", () => {
  it("records a stage at the end of a block", () => {
    const clock = new ManualClock();
    const { vision } = made({}, { clock });
    {
      using _ = vision.stage("inference");
      clock.advance(150);
    }
    assert.deepEqual([vision.summary().latency.inference.count, vision.summary().latency.inference.sumSeconds], [1, 0.15]);
  });

  it("records around a function, hands its result on, and times failures too", async () => {
    const clock = new ManualClock();
    const { vision } = made({}, { clock });
    const work = (): number => {
      clock.advance(100);
      return 7;
    };
    assert.equal(vision.time("inference", work), 7);
    assert.equal(await vision.time("inference", async () => work()), 7);
    await assert.rejects(
      vision.time("inference", async () => {
        work();
        throw new Error("no");
      }),
      /no/,
    );
    const { count, meanSeconds } = vision.summary().latency.inference;
    assert.deepEqual([count, meanSeconds.toFixed(9)], [3, "0.100000000"]);
  });
});

type Step = (vision: VisionMetrics) => void;

describe("the sums", () => {
  const frames: fc.Arbitrary<Step> = fc.oneof(
    fc.nat(5).map(
      (count): Step =>
        (vision) =>
          vision.frameReceived(count),
    ),
    fc.tuple(fc.constantFrom("a", "b"), fc.nat(5)).map(
      ([name, count]): Step =>
        (vision) =>
          vision.source(name).frameReceived(count),
    ),
    fc.constantFrom<FrameStatus>("success", "error").map(
      (status): Step =>
        (vision) =>
          vision.frameProcessed(status),
    ),
    fc.tuple(fc.constantFrom(...DROP_REASONS), fc.nat(3)).map(
      ([reason, count]): Step =>
        (vision) =>
          vision.frameDropped(reason, count),
    ),
  );

  it("received = processed + dropped + in flight after every call, of all models and sources, in whatever order they are told", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), frames), { maxLength: 60 }), (steps) => {
        const { vision, registry } = made();
        const other = visionMetrics({ model: "other", registry });
        for (const [first, step] of steps) {
          step(first ? vision : other);
          const snapshot = registry.snapshot();
          const [received, processed, dropped] = ["received", "processed", "dropped"].map((word) => sumOf(snapshot, `frames_${word}_total`));
          // As long as nobody tells of more frames than came: then there are none in flight.
          assert.equal(snapshot.value("frames_in_flight"), Math.max(0, received! - processed! - dropped!));
        }
      }),
    );
  });

  it("created - lost = active after every call, in whatever order they are told", () => {
    const step = fc.oneof(
      fc.nat(4).map(
        (count): Step =>
          (vision) =>
            vision.trackCreated(count),
      ),
      fc.constantFrom(...TRACK_END_REASONS).map(
        (reason): Step =>
          (vision) =>
            vision.trackLost(reason, { label: "person", seconds: 1 }),
      ),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { vision, registry } = made();
        for (const each of steps) {
          each(vision);
          const snapshot = registry.snapshot();
          const difference = sumOf(snapshot, "tracks_created_total") - sumOf(snapshot, "tracks_lost_total");
          assert.equal(snapshot.value("active_tracks", { model }), Math.max(0, difference));
        }
      }),
    );
  });

  it("go on from what somebody set, or from a reset", () => {
    const { vision, registry } = made();
    const active = (): number => vision.summary().tracks.active;
    vision.trackLost("expired");
    vision.activeTracks(15);
    vision.trackLost("expired");
    assert.equal(active(), 14);
    vision.frameReceived(3);
    registry.reset();
    vision.frameReceived(2);
    vision.trackCreated();
    assert.deepEqual([active(), vision.summary().frames.inFlight], [1, 2]);
  });

  it("show no frames in flight where nobody tells of received ones", () => {
    const { vision, registry } = made();
    vision.frameProcessed();
    vision.frameDropped("stale", 3);
    assert.equal(registry.snapshot().value("frames_in_flight"), 0);
  });
});
