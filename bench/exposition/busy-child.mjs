// A process with four worker threads whose metrics one server sums up. The same file is the process and its threads.
import { once } from "node:events";
import { createServer } from "node:http";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { job } from "../child.mjs";
import { BUCKETS_11 } from "../data.mjs";

const THREADS = 4;
const SERIES = 1000;
const CHANNEL = "bench";

const libraries = {
  inferometer: {
    async listen() {
      const { serve, ThreadHub } = await import("../../packages/metrics/bundle/exporter/index.js");
      return (await serve({ registry: new ThreadHub({ registry: null, channel: CHANNEL }), port: 0 })).port;
    },
    async histogram() {
      const { Registry } = await import("../../packages/metrics/bundle/index.js");
      const { shareMetrics } = await import("../../packages/metrics/bundle/exporter/index.js");
      const registry = new Registry();
      shareMetrics({ registry, channel: CHANNEL });
      return registry.histogram("bench_duration_seconds", { help: "Bench.", labels: ["stream"], buckets: BUCKETS_11 });
    },
  },
  "@prometheus-io/client": {
    async listen() {
      const { default: client } = await import("@prometheus-io/client");
      const registry = new client.WorkerRegistry();
      const server = createServer((_, response) =>
        registry.workerMetrics().then(
          (text) => response.end(text),
          (error) => response.writeHead(500).end(error.message),
        ),
      );
      await once(server.listen(0, "127.0.0.1"), "listening");
      return server.address().port;
    },
    async histogram() {
      const { default: client } = await import("@prometheus-io/client");
      new client.WorkerRegistry();
      return new client.Histogram({ name: "bench_duration_seconds", help: "Bench.", labelNames: ["stream"], buckets: BUCKETS_11 });
    },
  },
};

if (isMainThread) {
  const { client } = job();
  const port = await libraries[client].listen();
  const threads = Array.from({ length: THREADS }, () => new Worker(new URL(import.meta.url), { workerData: client }));
  await Promise.all(threads.map((thread) => once(thread, "message")));
  process.on("message", async ({ busyMs }) => {
    threads[0].postMessage(busyMs);
    await once(threads[0], "message");
    process.send({ total: (THREADS + 1) * SERIES });
  });
  process.send({ port, total: THREADS * SERIES });
} else {
  const histogram = await libraries[workerData].histogram();
  const observeAll = () => {
    for (let k = 0; k < SERIES; k++) histogram.observe({ stream: `stream-${k}` }, 0.05);
  };
  observeAll();
  parentPort.postMessage("ready");
  parentPort.on("message", (busyMs) => {
    // What is observed here must be in the scrape, too, although this thread does not come back to its event loop.
    observeAll();
    parentPort.postMessage("busy");
    for (const start = performance.now(); performance.now() - start < busyMs; );
  });
}
