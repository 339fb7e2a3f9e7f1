// prom-client 15.1.3 and its successor @prometheus-io/client have the same interface; `client` is either's module. Written as by somebody who
// knows it: series whose labels are known beforehand are held. It has no frame rate, and counts no overflow; it is asked for neither.
import { MASK } from "../data.mjs";
import { begins, ends, frameData, MODEL, SHARES, SOURCE, STAGES } from "./frames.mjs";

const LATENCY = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const CONFIDENCE = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99];
const help = "Bench.";

function declared(client) {
  const registers = [new client.Registry()];
  const counter = (name, ...labelNames) => new client.Counter({ name, help, labelNames, registers });
  const gauge = (name, ...labelNames) => new client.Gauge({ name, help, labelNames, registers });
  const histogram = (name, buckets, ...labelNames) => new client.Histogram({ name, help, labelNames, buckets, registers });
  const model = { model: MODEL };
  const stages = histogram("detection_latency_seconds", LATENCY, "model", "stage");
  const processed = counter("frames_processed_total", "model", "status");
  return {
    processed,
    received: counter("frames_received_total", "source").labels({ source: SOURCE }),
    lastFrame: gauge("source_last_frame_timestamp_seconds", "source").labels({ source: SOURCE }),
    inFlight: gauge("frames_in_flight"),
    queueSize: gauge("queue_size", "queue_type").labels({ queue_type: "frames" }),
    queueWait: histogram("queue_wait_duration_seconds", LATENCY, "queue_type").labels({ queue_type: "frames" }),
    stages: STAGES.map((stage) => stages.labels({ ...model, stage })),
    inference: histogram("model_inference_duration_seconds", LATENCY, "model", "device").labels({ ...model, device: "cpu" }),
    batchSize: histogram("model_batch_size", [1, 2, 4, 8, 16, 32, 64], "model").labels(model),
    detections: counter("detections_total", "model", "class"),
    confidence: histogram("detection_confidence", CONFIDENCE, "model", "class"),
    perFrame: histogram("detections_per_frame", [0, 1, 2, 5, 10, 20, 50, 100], "model").labels(model),
    created: counter("tracks_created_total", "model").labels(model),
    lost: counter("tracks_lost_total", "model", "reason").labels({ ...model, reason: "expired" }),
    active: gauge("active_tracks", "model").labels(model),
    lifetime: new client.Summary({
      name: "track_lifetime_seconds",
      help,
      labelNames: ["model", "class"],
      maxAgeSeconds: 600,
      ageBuckets: 5,
      registers,
    }),
    duration: histogram("track_duration_seconds", LATENCY, "model", "class"),
    age: histogram("frame_age_seconds", LATENCY, "source").labels({ source: SOURCE }),
    success: processed.labels({ ...model, status: "success" }),
  };
}

export function cases(client) {
  return {
    "a frame"() {
      const metrics = declared(client);
      const { frames, seconds } = frameData();
      return {
        run(n) {
          for (let i = 0; i < n; i++) {
            const found = frames[i & MASK];
            const took = seconds[i & MASK];
            metrics.received.inc();
            metrics.inFlight.inc();
            metrics.lastFrame.setToCurrentTime();
            metrics.queueSize.set(i & 3);
            metrics.queueWait.observe(took / 10);
            for (let k = 0; k < 6; k++) metrics.stages[k].observe(took * SHARES[k]);
            metrics.inference.observe(took / 2);
            metrics.batchSize.observe(1);
            for (const { label, confidence } of found) {
              metrics.detections.inc({ model: MODEL, class: label });
              metrics.confidence.observe({ model: MODEL, class: label }, confidence);
            }
            metrics.perFrame.observe(found.length);
            if (begins(i)) {
              metrics.created.inc();
              metrics.active.inc();
            }
            if (ends(i)) {
              metrics.lost.inc();
              metrics.active.dec();
              metrics.lifetime.observe({ model: MODEL, class: found[0].label }, took * 100);
              metrics.duration.observe({ model: MODEL, class: found[0].label }, took * 100);
            }
            metrics.age.observe(took);
            metrics.success.inc();
            metrics.inFlight.dec();
          }
        },
        recorded: async () => (await metrics.processed.get()).values.reduce((sum, { value }) => sum + value, 0),
      };
    },
  };
}
