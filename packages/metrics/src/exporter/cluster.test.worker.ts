import cluster from "node:cluster";
import { Registry } from "../core/registry.ts";
import { clusterMetrics } from "./cluster.ts";

// The program of cluster.test.ts: a primary that is told by its parent what to do, and its workers.
const registry = new Registry();
const jobs = registry.counter("jobs_total", { help: "Jobs.", labels: ["worker"] });
const all = registry.counter("all_total", { help: "All." });
const duration = registry.histogram("job_duration_seconds", { help: "Duration.", buckets: [1, 10] });
const memory = registry.gauge("job_memory_bytes", { help: "Memory." });
const peak = registry.gauge("job_peak_bytes", { help: "Peak.", merge: "max" });
const metrics = clusterMetrics({ registry, timeout: "500ms", interval: "200ms" });

type Order = "collect" | "fork" | "stop" | "kill" | "hang";

function work(): void {
  const name = process.env["NAME"] ?? "?";
  jobs.inc({ worker: name });
  all.inc();
  duration.observe(5);
  memory.set(10);
  peak.set(name === "a" ? 3 : 7);
  process.on("message", (order: unknown) => {
    if (order === "hang") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5000);
  });
}

function lead(): void {
  cluster.setupPrimary({ serialization: "json" });
  const byName = new Map<string, ReturnType<typeof cluster.fork>>();
  all.inc(100);
  process.on("message", async ({ order, name = "" }: { order: Order; name?: string }) => {
    const worker = byName.get(name);
    if (order === "fork") {
      const forked = cluster.fork({ NAME: name });
      byName.set(name, forked);
      await new Promise<void>((resolve) => forked.on("message", () => resolve())); // its first copy has come
    } else if (order === "stop") await ended(worker, () => worker?.disconnect());
    else if (order === "kill") await ended(worker, () => worker?.process.kill("SIGKILL"));
    else if (order === "hang") worker?.send("hang");
    const start = performance.now();
    const { snapshot } = await metrics.collect();
    const ms = performance.now() - start;
    const values: Record<string, number | undefined> = {};
    for (const family of snapshot)
      for (let row = 0; row < family.length; row++) values[`${family.name}${JSON.stringify(family.labels(row))}`] = family.value(row);
    process.send?.({ ms, values });
  });
}

async function ended(worker: ReturnType<typeof cluster.fork> | undefined, end: () => void): Promise<void> {
  const exit = new Promise((resolve) => worker?.once("exit", resolve));
  end();
  await exit;
}

if (cluster.isPrimary) lead();
else work();
