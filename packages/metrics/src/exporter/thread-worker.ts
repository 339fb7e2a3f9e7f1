import { parentPort, workerData } from "node:worker_threads";
import { InferometerError } from "../core/errors.ts";
import { Registry } from "../core/registry.ts";
import type { Collectable } from "./collectable.ts";
import type { MetricHome } from "./self-metrics.ts";
import { serve } from "./serve.ts";
import type { ThreadStart, ThreadWord } from "./thread-exporter.ts";
import { ThreadHub } from "./thread-hub.ts";

// The exporter's thread: see thread-exporter.ts.
const say = (word: ThreadWord): void => parentPort?.postMessage(word);
const { options, channel } = workerData as ThreadStart;
const own = new Registry();
const hub = new ThreadHub({ registry: own, channel });
// The exporter's own metrics are this thread's; the hub sums them up with the others'.
const registry: Collectable & MetricHome = {
  collect: (asked) => hub.collect(asked),
  collectorStates: () => hub.collectorStates(),
  counter: own.counter.bind(own),
  histogram: own.histogram.bind(own),
};

try {
  const server = await serve({ ...options, registry, onError: (error) => say({ kind: "error", message: error.message }) });
  parentPort?.on("message", () => {
    void server.close().then(() => {
      hub.close();
      parentPort?.close();
    });
  });
  say({ kind: "open", url: server.url, port: server.port });
} catch (error) {
  const { message } = error as Error;
  say({ kind: "refused", code: error instanceof InferometerError ? error.code : "LISTEN_FAILED", message });
  hub.close();
  parentPort?.close();
}
