// One library, one kind of metric: bytes a series, after garbage collection.
import { answer, job } from "../child.mjs";
import { BUCKETS_11, FAMILIES, modelNames, streamNames } from "../data.mjs";
import { otelMeter } from "../otel.mjs";

// V8 counts unshared buffers as external memory, but not shared ones: these are counted here, and never taken off again.
let shared = 0;
globalThis.SharedArrayBuffer = class extends SharedArrayBuffer {
  constructor(bytes, options) {
    super(bytes, options);
    shared += bytes;
  }
};

const { client, kind, series } = job();
const streams = streamNames(series / FAMILIES);
const labels = ["model", "stream"];
const help = "Bench.";
const make = {
  async inferometer() {
    const { Registry } = await import("../../packages/metrics/bundle/index.js");
    const metrics = new Registry({ seriesLimit: series + 100, lint: "off" });
    const options = { help, labels, seriesLimit: series + 100 };
    if (kind === "counter") return (k) => metrics.counter(`bench_${k}_total`, options);
    return (k) => metrics.histogram(`bench_${k}_seconds`, { ...options, buckets: BUCKETS_11 });
  },
  async opentelemetry() {
    const { meter } = otelMeter(series);
    if (kind === "counter") {
      return (k) => {
        const counter = meter.createCounter(`bench_${k}_total`);
        return { inc: (attributes, by) => counter.add(by, attributes) };
      };
    }
    return (k) => {
      const histogram = meter.createHistogram(`bench_${k}_seconds`, { advice: { explicitBucketBoundaries: BUCKETS_11 } });
      return { observe: (attributes, value) => histogram.record(value, attributes) };
    };
  },
};

async function promClient() {
  const { default: library } = await import(client);
  const registers = [new library.Registry()];
  if (kind === "counter") return (k) => new library.Counter({ name: `bench_${k}_total`, help, labelNames: labels, registers });
  return (k) => new library.Histogram({ name: `bench_${k}_seconds`, help, labelNames: labels, buckets: BUCKETS_11, registers });
}

const metric = await (make[client] ?? promClient)();
const families = Array.from({ length: FAMILIES }, (_, k) => metric(k));
const record = (k, model, stream) => {
  if (kind === "counter") families[k].inc({ model, stream }, 1000 + k);
  else for (let i = 0; i < 5; i++) families[k].observe({ model, stream }, 0.003 * 7 ** i);
};
// The first series brings up what a family needs once, the compiler's work included.
for (let k = 0; k < FAMILIES; k++) record(k, "first", "first");
const before = await used();
const names = series / FAMILIES;
for (let i = 0; i < names; i++) for (let k = 0; k < FAMILIES; k++) record(k, modelNames[i % 10], streams[(i / 10) | 0]);
const after = await used();
globalThis.kept = families;
answer({ bytes: (after - before) / series });

async function used() {
  for (let k = 0; k < 4; k++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    gc();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external + shared;
}
