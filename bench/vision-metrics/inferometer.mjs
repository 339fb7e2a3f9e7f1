import { NoopRegistry, Registry } from "../../packages/metrics/bundle/index.js";
import { visionMetrics } from "../../packages/metrics/bundle/instrument/index.js";
import { MASK } from "../data.mjs";
import { begins, ends, frameData, frameWork, MODEL, SHARES, STAGES } from "./frames.mjs";

export function cases() {
  const { frames, seconds } = frameData();
  const record = (vision, i) => {
    const found = frames[i & MASK];
    const took = seconds[i & MASK];
    vision.frameReceived();
    vision.queueSize("frames", i & 3);
    vision.queueWait("frames", took / 10);
    for (let k = 0; k < 6; k++) vision.latency(STAGES[k], took * SHARES[k]);
    vision.modelInference(took / 2, { device: "cpu", batchSize: 1 });
    vision.detected(found);
    if (begins(i)) vision.trackCreated();
    if (ends(i)) vision.trackLost("expired", { label: found[0].label, seconds: took * 100 });
    vision.frameAge(took);
    vision.frameProcessed();
  };
  return {
    "a frame"() {
      const registry = new Registry();
      const vision = visionMetrics({ model: MODEL, registry });
      return {
        run(n) {
          for (let i = 0; i < n; i++) record(vision, i);
        },
        recorded: () => registry.snapshot().value("frames_processed_total", { model: MODEL, status: "success" }),
      };
    },
    "a frame, metrics off"() {
      const vision = visionMetrics({ model: MODEL, registry: new NoopRegistry() });
      let sum = 0;
      return {
        run(n) {
          for (let i = 0; i < n; i++) {
            sum += frameWork(frames[i & MASK], seconds[i & MASK], i);
            record(vision, i);
          }
          return sum < 0 ? sum : undefined;
        },
      };
    },
  };
}
