import { parentPort, workerData } from "node:worker_threads";
import { Registry } from "../core/registry.ts";
import { shareMetrics } from "./thread-member.ts";

// A worker of thread-hub.test.ts: counts, and does what it is told.
const { channel, name } = workerData as { channel: string; name: string };
const registry = new Registry();
shareMetrics({ registry, channel });
const jobs = registry.counter("jobs_total", { help: "Jobs.", labels: ["worker"] });
const all = registry.counter("all_total", { help: "All." });
const duration = registry.histogram("job_duration_seconds", { help: "Duration.", buckets: [1, 10] });
const native = registry.histogram("job_size_bytes", { help: "Size.", native: {} });
const memory = registry.gauge("job_memory_bytes", { help: "Memory." });
const wait = registry.summary("job_wait_seconds", { help: "Wait." });
jobs.inc({ worker: name });
all.inc();
duration.observe(5);
native.observe(100);
memory.set(10);
wait.observe(2);
parentPort?.postMessage("ready");

parentPort?.on("message", (order: string) => {
  if (order === "exit") process.exit();
  if (order === "remove") {
    for (let k = 0; k < 100; k++) jobs.inc({ worker: `${name}-${k}` });
    for (let k = 0; k < 99; k++) jobs.remove({ worker: `${name}-${k}` });
    parentPort?.postMessage("removed");
  }
  if (order === "busy") {
    // What is counted and made in the midst of work must be seen too: this thread does not return to its event loop.
    jobs.inc({ worker: `${name}-busy` });
    all.inc(1000);
    duration.observe(0.5);
    const flag = new Int32Array(new SharedArrayBuffer(4));
    parentPort?.postMessage("working");
    Atomics.wait(flag, 0, 0, 10_000);
    parentPort?.postMessage("done");
  }
});
