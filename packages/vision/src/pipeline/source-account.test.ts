import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Registry } from "@inferometer/metrics";
import { visionMetrics } from "@inferometer/metrics/instrument";
import fc from "fast-check";
import type { Track, TrackEvent } from "../tracking/index.ts";
import { detectionAt, reportOf } from "./fakes.test-kit.ts";
import { SourceAccount } from "./source-account.ts";
import { Totals } from "./totals.ts";
import { PIPELINE_STAGES } from "./words.ts";

function books(count = 1): {
  registry: Registry;
  totals: Totals;
  accounts: SourceAccount[];
  value(name: string, labels?: Record<string, string>): number | undefined;
} {
  const registry = new Registry();
  const totals = new Totals(PIPELINE_STAGES);
  const metrics = visionMetrics({ model: "m", registry });
  const queues = new Map<SourceAccount, number>();
  const accounts = Array.from({ length: count }, (_, at) => {
    const account = new SourceAccount(`source ${at}`, { totals, metrics, queues });
    account.named(`camera ${at}`, { live: true });
    return account;
  });
  return { registry, totals, accounts, value: (name, labels) => registry.snapshot().value(name, labels) };
}

const track = (id: number, given: Partial<Track> = {}): Track => ({
  id,
  box: detectionAt(0).box,
  label: "car",
  confidence: 1,
  detections: 2,
  firstSeconds: 1,
  lastSeconds: 3,
  ...given,
});
const created = (id: number): TrackEvent => ({ type: "created", track: track(id) });
const lost = (id: number): TrackEvent => ({ type: "lost", track: track(id), reason: "expired" });

describe("SourceAccount", () => {
  it("shows whether the source delivers", () => {
    const { accounts, value } = books();
    const [account] = accounts as [SourceAccount];
    const up = (): number | undefined => value("source_up", { source: "camera 0" });
    assert.equal(up(), 0);
    account.state = "running";
    assert.equal(up(), 1);
    account.event({ kind: "down", message: "connection refused" });
    assert.equal(up(), 0);
    assert.deepEqual([account.summary().state, account.summary().message], ["down", "connection refused"]);
    account.event({ kind: "up" });
    assert.equal(up(), 1);
    assert.equal(account.summary().message, undefined);
    account.state = "stalled";
    assert.equal(up(), 0);
  });

  it("passes on what befalls a source", () => {
    const { accounts, totals, value } = books();
    const [account] = accounts as [SourceAccount];
    account.event({ kind: "decode-error", type: "corrupt", count: 3 });
    account.event({ kind: "restart", reason: "stalled" });
    account.event({ kind: "redis", operation: "xread", seconds: 0.25 });
    account.event({ kind: "redis", operation: "xread", seconds: 1, error: "timeout" });
    account.event({ kind: "lag", frames: 7 });
    account.event({ kind: "dropped", reason: "trimmed", count: 4 });
    assert.equal(value("decode_errors_total", { source: "camera 0", type: "corrupt" }), 3);
    assert.equal(value("errors_total", { component: "source", error_type: "corrupt" }), 3);
    assert.equal(value("errors_total", { component: "redis", error_type: "timeout" }), 1);
    assert.equal(value("source_restarts_total", { source: "camera 0", reason: "stalled" }), 1);
    assert.equal(value("redis_operations_total", { operation: "xread", status: "success" }), 1);
    assert.equal(value("redis_errors_total", { operation: "xread", error_type: "timeout" }), 1);
    assert.equal(value("redis_stream_lag", { source: "camera 0" }), 7);
    assert.equal(value("frames_dropped_total", { model: "m", reason: "trimmed" }), 4);
    assert.equal(value("frames_received_total", { source: "camera 0" }), 4);
    assert.deepEqual([account.summary().decodeErrors, account.summary().restarts], [3, 1]);
    assert.deepEqual(
      totals.errors.map(({ component, type, count }) => [component, type, count]),
      [
        ["source", "corrupt", 3],
        ["redis", "timeout", 1],
      ],
    );
  });

  it("records a frame's times, detections and age", () => {
    const { accounts, value } = books();
    const [account] = accounts as [SourceAccount];
    account.ready({ kind: "ready", loadSeconds: 1.5 });
    account.device({ kind: "device", device: "cuda", fallbacks: [{ from: "tensorrt", to: "cuda" }] });
    account.counts({ received: 1, dropped: {} });
    account.frame(reportOf({ detections: [detectionAt(0), detectionAt(20)] }));
    assert.equal(value("detections_total", { model: "m", class: "thing" }), 2);
    assert.equal(value("model_inference_duration_seconds", { model: "m", device: "cuda" }), 1);
    assert.equal(value("model_load_duration_seconds", { model: "m" }), 1.5);
    assert.equal(value("execution_provider_fallback_total", { from: "tensorrt", to: "cuda" }), 1);
    assert.equal(value("frame_age_seconds", { source: "camera 0" }), 1);
    assert.equal(value("detection_latency_seconds", { model: "m", stage: "track" }), 1);
  });

  it("adds up the queues of all sources, and forgets those that ended", () => {
    const { accounts, value } = books(2);
    const [one, other] = accounts as [SourceAccount, SourceAccount];
    for (const account of accounts) account.counts({ received: 2, dropped: {} });
    one.frame(reportOf({ waiting: 2 }));
    other.frame(reportOf({ waiting: 3 }));
    const waiting = (): number | undefined => value("queue_size", { queue_type: "frames" });
    assert.equal(waiting(), 5);
    one.close();
    assert.equal(waiting(), 3);
    other.close();
    assert.equal(waiting(), 0);
  });

  it("ends what nobody tells of any more: frames as shut down, tracks with the stream", () => {
    const { accounts, totals, value, registry } = books();
    const [account] = accounts as [SourceAccount];
    account.counts({ received: 5, dropped: { stale: 1 } });
    account.frame(reportOf({ timestampSeconds: 9, events: [created(1), created(2)] }));
    account.tracksEnded([lost(2)]);
    account.close();
    assert.deepEqual([account.frames.inFlight, account.frames.dropped.shutdown], [0, 3]);
    assert.deepEqual(totals.tracks.summary(), { created: 2, lost: { expired: 1, left_frame: 0, duplicate: 0, stream_end: 1 }, active: 0 });
    assert.equal(value("active_tracks", { model: "m" }), 0);
    assert.equal(registry.snapshot().get("track_duration_seconds")?.histogram().sum, 10); // 2 s of the one that was told, 8 s of the other
  });

  it("balances after every step, whatever happens in whatever order", () => {
    const deed = fc.oneof(
      fc.record({ kind: fc.constant("counts" as const), dropped: fc.nat(3), more: fc.nat(5) }),
      fc.record({ kind: fc.constant("frame" as const), failed: fc.boolean(), begins: fc.boolean(), ends: fc.boolean() }),
    );
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 60 }), (deeds) => {
        const { accounts, registry, totals } = books();
        const [account] = accounts as [SourceAccount];
        const alive: number[] = [];
        let id = 0;
        const check = (): void => {
          const snapshot = registry.snapshot();
          const value = (name: string, labels: Record<string, string> = { model: "m" }): number => snapshot.value(name, labels) ?? 0;
          const processed =
            value("frames_processed_total", { model: "m", status: "success" }) + value("frames_processed_total", { model: "m", status: "error" });
          const dropped =
            value("frames_dropped_total", { model: "m", reason: "stale" }) + value("frames_dropped_total", { model: "m", reason: "shutdown" });
          assert.equal(value("frames_received_total", { source: "camera 0" }), processed + dropped + value("frames_in_flight", {}));
          assert.equal(value("frames_in_flight", {}), account.frames.inFlight);
          assert.equal(value("active_tracks"), totals.tracks.summary().active);
        };
        for (const step of deeds) {
          if (step.kind === "counts") account.counts({ received: step.dropped + step.more, dropped: { stale: step.dropped } });
          else if (account.frames.inFlight > 0) {
            const events: TrackEvent[] = [];
            if (step.begins) {
              events.push(created(++id));
              alive.push(id);
            }
            if (step.ends && alive.length > 0) events.push(lost(alive.shift()!));
            account.frame(reportOf({ events, ...(step.failed ? { error: { code: "DETECTOR_FAILED", message: "no" } } : {}) }));
          }
          check();
        }
        account.close();
        check();
        assert.equal(account.frames.inFlight, 0);
      }),
      { numRuns: 50 },
    );
  });
});
