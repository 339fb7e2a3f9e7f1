import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Registry, type Snapshot } from "@inferometer/metrics";
import { serve } from "@inferometer/metrics/exporter";
import { visionMetrics } from "@inferometer/metrics/instrument";
import type { DetectorSpec } from "../detectors/index.ts";
import type { SourceSpec } from "../sources/index.ts";
import { type Detecting, type DetectOptions, type DetectSummary, detect, type FrameSummary } from "./index.ts";
import type { FrameResult } from "./results.ts";

const small = (given: Partial<Extract<SourceSpec, { kind: "synthetic" }>> = {}): SourceSpec => ({
  kind: "synthetic",
  frames: 60,
  width: 64,
  height: 48,
  ...given,
});
const module = (kind: string): DetectorSpec => ({
  kind: "module",
  url: new URL(`./detectors.test-kit.js#${kind}`, import.meta.url).href,
});
const run = (options: Partial<DetectOptions>): Detecting => detect({ sources: [small()], detector: module("quick"), ...options });

const sum = (counts: Readonly<Record<string, number>> | readonly number[]): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);

function assertBalanced({ received, processed, failed, dropped, inFlight }: FrameSummary): void {
  assert.equal(received, processed + failed + sum(dropped) + inFlight);
  assert.ok(inFlight >= 0, `${inFlight} in flight`);
}

function assertBalancedOverall({ frames, tracks, sources }: DetectSummary): void {
  assertBalanced(frames);
  for (const source of sources) assertBalanced(source.frames);
  assert.equal(tracks.created, sum(tracks.lost) + tracks.active);
}

/** What a scrape shows. */
function assertScrapeBalanced(snapshot: Snapshot): void {
  const total = (name: string): number => {
    const family = snapshot.get(name);
    return sum(Array.from({ length: family?.length ?? 0 }, (_, row) => family!.value(row)));
  };
  const inFlight = total("frames_in_flight");
  assert.equal(total("frames_received_total"), total("frames_processed_total") + total("frames_dropped_total") + inFlight);
  assert.ok(inFlight >= 0);
  assert.equal(total("tracks_created_total") - total("tracks_lost_total"), total("active_tracks"));
}

async function eventually(ready: () => boolean): Promise<void> {
  for (const deadline = performance.now() + 10_000; !ready(); ) {
    assert.ok(performance.now() < deadline, "it did not happen within 10 s");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function results(running: Detecting): Promise<FrameResult[]> {
  const all: FrameResult[] = [];
  for await (const result of running) all.push(result);
  return all;
}

describe("detect", () => {
  it("counts a device that is lost in the middle, and times the rest under the other", async () => {
    const registry = new Registry();
    const { frames } = await run({ detector: module("falling"), metrics: visionMetrics({ model: "m", registry }) }).done;
    const value = (name: string, labels: Record<string, string>): number | undefined => {
      const family = registry.snapshot().get(name)!;
      const row = Array.from({ length: family.length }, (_, k) => k).find((k) =>
        Object.entries(labels).every(([key, text]) => family.labels(k)[key] === text),
      );
      return row === undefined ? undefined : family.type === "histogram" ? family.histogram(row).count : family.value(row);
    };
    assert.equal(value("execution_provider_fallback_total", { from: "cuda", to: "cpu" }), 1);
    assert.equal(value("model_inference_duration_seconds", { device: "cuda" }), 5);
    assert.equal(value("model_inference_duration_seconds", { device: "cpu" }), frames.processed - 5);
  });

  it("processes every frame of a file-like source, in order, and tells what it found", async () => {
    const running = run({ sources: [small({ frames: 120 })] });
    const all = await results(running);
    assert.deepEqual(
      all.map(({ index }) => index),
      Array.from({ length: 120 }, (_, index) => index),
    );
    assert.deepEqual(all[5]?.detections, [{ box: { x: 4, y: 4, width: 32, height: 24 }, label: "thing", confidence: 0.9 }]);
    assert.deepEqual(
      all[5]?.tracks.map(({ id, label }) => [id, label]),
      [[1, "thing"]],
    );
    assert.equal(all[30]?.timestampSeconds, 1);
    const summary = await running.done;
    assertBalancedOverall(summary);
    assert.deepEqual([summary.frames.received, summary.frames.processed, summary.expectedFrames], [120, 120, 120]);
    assert.deepEqual(summary.detections, { thing: 120 });
    assert.deepEqual(summary.tracks, { created: 1, lost: { expired: 0, left_frame: 0, duplicate: 0, stream_end: 1 }, active: 0 });
    assert.deepEqual(summary.sources[0]?.state, "ended");
    assert.deepEqual(Object.keys(summary.latency), ["decode", "queue", "preprocess", "inference", "postprocess", "track", "total"]);
    for (const { count, meanSeconds, p50Seconds, p95Seconds, p99Seconds, maxSeconds } of Object.values(summary.latency)) {
      assert.equal(count, 120);
      assert.ok(meanSeconds >= 0 && p50Seconds <= p95Seconds && p95Seconds <= p99Seconds && p99Seconds <= maxSeconds);
    }
    assert.ok(summary.framesPerSecond > 0 && summary.seconds > 0);
  });

  it("gives the metrics what it gives the summary", async () => {
    const registry = new Registry();
    const { frames, tracks, detections } = await run({ detector: module("failing"), metrics: visionMetrics({ model: "m", registry }) }).done;
    const snapshot = registry.snapshot();
    assertScrapeBalanced(snapshot);
    assert.equal(snapshot.value("frames_received_total", { source: "synthetic" }), frames.received);
    assert.equal(snapshot.value("frames_processed_total", { model: "m", status: "success" }), frames.processed);
    assert.equal(snapshot.value("frames_processed_total", { model: "m", status: "error" }), frames.failed);
    assert.equal(snapshot.value("detections_total", { model: "m", class: "thing" }), detections["thing"]);
    assert.equal(snapshot.value("tracks_created_total", { model: "m" }), tracks.created);
    assert.equal(snapshot.value("tracks_lost_total", { model: "m", reason: "stream_end" }), tracks.lost.stream_end);
    assert.equal(snapshot.value("source_up", { source: "synthetic" }), 0);
    assert.equal(snapshot.value("queue_size", { queue_type: "frames" }), 0);
    assert.equal(snapshot.value("queue_wait_duration_seconds", { queue_type: "frames" }), 60);
    for (const stage of ["decode", "preprocess", "inference", "postprocess", "track", "total"]) {
      assert.equal(snapshot.value("detection_latency_seconds", { model: "m", stage }), frames.processed, stage);
    }
    assert.equal(snapshot.value("model_inference_duration_seconds", { model: "m", device: "cpu" }), frames.processed);
  });

  for (const drop of ["wait", "drop-oldest", "drop-newest"] as const) {
    it(`keeps its books balanced whenever somebody looks, with ${drop}, two sources and a detector that fails`, async () => {
      const registry = new Registry();
      const sources = [small({ frames: 200 }), small({ frames: 150, seed: 2 })];
      const running = run({ sources, detector: module("failing"), drop, maxAge: "40ms", every: 2, metrics: visionMetrics({ model: "m", registry }) });
      let looks = 0;
      let ended = false;
      const look = (): void => {
        assertScrapeBalanced(registry.snapshot());
        assertBalancedOverall(running.summary());
        looks++;
      };
      void running.done.then(() => (ended = true));
      while (!ended) {
        look();
        await new Promise(setImmediate);
      }
      look();
      const { frames } = running.summary();
      assert.deepEqual([frames.received, frames.inFlight, frames.dropped.sampled], [350, 0, 175]);
      assert.ok(looks > 100, `${looks} looks`);
    });
  }

  it("keeps them balanced in every scrape of a real exporter", async () => {
    const registry = new Registry();
    await using server = await serve({ port: 0, registry });
    const sources = [small({ frames: 300 }), small({ frames: 300, seed: 2 })];
    const running = run({ sources, detector: module("failing"), drop: "drop-oldest", metrics: visionMetrics({ model: "m", registry }) });
    let scrapes = 0;
    let ended = false;
    void running.done.then(() => (ended = true));
    do {
      const over = ended;
      const page = await (await fetch(`${server.url}/metrics`)).text();
      const total = (name: string): number =>
        sum([...page.matchAll(new RegExp(`^${name}(?:{.*})? (\\S+)$`, "gm"))].map(([, value]) => Number(value)));
      assert.equal(total("frames_received_total"), total("frames_processed_total") + total("frames_dropped_total") + total("frames_in_flight"));
      assert.equal(total("tracks_created_total") - total("tracks_lost_total"), total("active_tracks"));
      scrapes++;
      if (over) assert.equal(total("frames_received_total"), 600);
    } while (!ended || scrapes < 20);
  });

  it("drops what a slow detector cannot take from a live source, and says how old results are", async () => {
    const registry = new Registry();
    const live = small({ frames: 50, live: true, framesPerSecond: 100 });
    const { frames } = await run({ sources: [live], detector: module("slow"), metrics: visionMetrics({ model: "m", registry }) }).done;
    assertBalanced(frames);
    assert.equal(frames.received, 50);
    assert.ok(frames.dropped.backpressure > 10, `${frames.dropped.backpressure} dropped`);
    assert.equal(registry.snapshot().value("frame_age_seconds", { source: "synthetic" }), frames.processed);
  });

  it("drops what a live source gives while it is paused, and goes on afterwards", async () => {
    const registry = new Registry();
    const live = small({ frames: 60, live: true, framesPerSecond: 100 });
    const running = run({ sources: [live], metrics: visionMetrics({ model: "m", registry }) });
    running.pause();
    assert.equal(running.paused, true);
    await eventually(() => running.summary().frames.dropped.paused >= 10);
    assert.equal(running.summary().frames.processed, 0);
    running.resume();
    assert.equal(running.paused, false);
    const { frames } = await running.done;
    assertBalanced(frames);
    assert.equal(frames.received, 60);
    assert.ok(frames.processed > 0, "it did not go on");
    assert.equal(registry.snapshot().value("frames_dropped_total", { model: "m", reason: "paused" }), frames.dropped.paused);
    assertScrapeBalanced(registry.snapshot());
  });

  it("lets a file wait while it is paused, loses none of it, and does not call that a stall", async () => {
    const running = run({ sources: [small({ frames: 200 })], detector: module("slow"), stallAfter: "300ms" });
    await eventually(() => running.summary().frames.processed >= 3);
    running.pause();
    running.pause();
    await eventually(() => running.summary().frames.inFlight === 0);
    const { frames } = running.summary();
    assert.ok(frames.received < 100, `${frames.received} frames came before the pause`);
    // Two looks at the books, and longer than `stallAfter`.
    await new Promise((resolve) => setTimeout(resolve, 600));
    const later = running.summary();
    assert.deepEqual([later.frames, later.sources[0]?.state], [frames, "running"]);
    running.resume();
    const ended = await running.done;
    assert.deepEqual([ended.frames.processed, ended.frames.dropped.paused], [200, 0]);
    running.pause();
    assert.equal(running.paused, false);
  });

  it("can be stopped while it is paused", async () => {
    const running = run({ sources: [small({ frames: 200 }), small({ frames: 1e6, live: true, framesPerSecond: 50 })] });
    running.pause();
    await eventually(() => running.summary().frames.dropped.paused > 0);
    const { frames, sources } = await running.stop();
    assertBalanced(frames);
    assert.deepEqual([frames.processed, sources.map(({ state }) => state)], [0, ["stopped", "stopped"]]);
  });

  it("says that a source has stalled, until it goes on", async () => {
    const registry = new Registry();
    const slow = small({ frames: 3, live: true, framesPerSecond: 1 });
    const running = run({ sources: [slow], stallAfter: "100ms", metrics: visionMetrics({ model: "m", registry }) });
    const seen: string[] = [];
    let ended = false;
    void running.done.then(() => (ended = true));
    while (!ended) {
      const shown = `${running.summary().sources[0]?.state} ${registry.snapshot().value("source_up", { source: "synthetic" })}`;
      if (seen.at(-1) !== shown) seen.push(shown);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.match(seen.join(", "), /running 1, stalled 0, running 1, .*stalled 0/);
    assert.equal(running.summary().sources[0]?.state, "ended");
  });

  it("serves detectors that answer later", async () => {
    const all = await results(run({ detector: module("async") }));
    assert.equal(all.length, 60);
    assert.ok(all.every(({ stageSeconds }) => stageSeconds.preprocess > 0.004 && stageSeconds.inference > 0.002));
  });

  it("looks at several sources at once", async () => {
    const all = await results(run({ sources: [small({ frames: 30 }), small({ frames: 20, width: 32, height: 32 })] }));
    assert.equal(all.length, 50);
    assert.deepEqual(new Set(all.map(({ detections }) => detections[0]?.box.width)), new Set([32, 16]));
  });

  it("keeps a slow reader's results back at the detector, and loses none", async () => {
    const running = run({ sources: [small({ frames: 200 })] });
    let seen = 0;
    for await (const { index } of running) {
      assert.equal(index, seen++);
      if (seen === 1) {
        // What the detector did meanwhile is bounded: results that wait, and frames in the ring.
        let before = -1;
        while (running.summary().frames.received !== before) {
          before = running.summary().frames.received;
          await new Promise((resolve) => setTimeout(resolve, 300));
        }
        assert.ok(before < 60, `${before} frames were read`);
      }
    }
    assert.equal(seen, 200);
  });

  it("goes on when the loop over its results is left", async () => {
    const running = run({ sources: [small({ frames: 200 })] });
    for await (const { index } of running) if (index === 3) break;
    assert.equal((await running.done).frames.processed, 200);
  });

  it("refuses a second loop beside the first, and gives an empty one after the end", async () => {
    const running = run({});
    const first = results(running);
    assert.throws(() => running[Symbol.asyncIterator](), { code: "OPTION_INVALID" });
    assert.equal((await first).length, 60);
    await running.done;
    assert.equal((await results(running)).length, 0);
  });

  it("draws no tracks when told not to", async () => {
    const running = run({ track: false });
    assert.ok((await results(running)).every(({ tracks }) => tracks.length === 0));
    const { tracks, latency } = running.summary();
    assert.equal(tracks.created, 0);
    assert.equal(latency.track, undefined);
  });
});
