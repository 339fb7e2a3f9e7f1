// The step in which the main thread applies a frame's report, alone: nanoseconds of CPU with and without metrics, in turns.
import { Registry } from "../../packages/metrics/bundle/index.js";
import { visionMetrics } from "../../packages/metrics/bundle/instrument/index.js";
import { SourceAccount } from "../../packages/vision/dist/pipeline/source-account.js";
import { Totals } from "../../packages/vision/dist/pipeline/totals.js";
import { PIPELINE_STAGES } from "../../packages/vision/dist/pipeline/words.js";
import { answer, cpuMs, job } from "../child.mjs";
import { latencies, MASK } from "../data.mjs";
import { median } from "../rounds.mjs";

const { objects, batches, frames } = job();
const reports = Array.from(latencies(), reportOf);
const registry = new Registry();
const sides = { on: account(visionMetrics({ model: "motion", registry })), off: account(undefined) };
const took = { on: [], off: [] };
for (let batch = -3; batch < batches; batch++) {
  for (const side of batch % 2 === 0 ? ["on", "off"] : ["off", "on"]) {
    const start = cpuMs();
    for (let i = 0; i < frames; i++) {
      sides[side].counts({ received: 1, dropped: {} });
      sides[side].frame(reports[i & MASK]);
    }
    if (batch >= 0) took[side].push(((cpuMs() - start) / frames) * 1e6);
  }
}
const recorded = registry.snapshot().value("frames_processed_total", { model: "motion", status: "success" });
if (recorded !== (batches + 3) * frames) throw new Error(`${recorded} frames recorded of ${(batches + 3) * frames}`);
answer({ on: median(took.on), off: median(took.off) });

function account(metrics) {
  const made = new SourceAccount("video", { totals: new Totals(PIPELINE_STAGES.filter((stage) => stage !== "output")), metrics, queues: new Map() });
  made.named("video", { live: true });
  made.state = "running";
  return made;
}

/** As from the detector's thread; every eighth frame a track begins, and every eighth one ends. */
function reportOf(total, index) {
  const detection = (k) => ({ label: "motion", confidence: 0.5 + 0.1 * k, box: { x: 10 * k, y: 20, width: 30, height: 60 } });
  const track = { id: index & ~7, ...detection(0), detections: 9, firstSeconds: index, lastSeconds: index + 1 };
  const events = { 0: [{ type: "created", track }], 4: [{ type: "lost", track, reason: "expired" }] }[index & 7] ?? [];
  const detections = Array.from({ length: objects }, (_, k) => detection(k));
  const stageSeconds = Object.fromEntries(PIPELINE_STAGES.map((stage, k) => [stage, total / (k + 1)]));
  return { kind: "frame", index, timestampSeconds: index / 25, stageSeconds, detections, tracks: [], events, waiting: index & 3 };
}
