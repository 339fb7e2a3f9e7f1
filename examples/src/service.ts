// An instrumented inference service under a small load: npm run build && node examples/dist/service.js [--port 9090] [--seconds 60]
import { once } from "node:events";
import { parseArgs } from "node:util";
import { InferometerError, Registry } from "@inferometer/metrics";
import { serve } from "@inferometer/metrics/exporter";
import { DetectionService } from "./detection-service.ts";
import { load } from "./load.ts";

const CAMERAS = ["door", "yard", "street", "gate"];

/** The moment to stop: Ctrl-C, or after the seconds that --seconds gives. */
function stopSignal(seconds: string | undefined): AbortSignal {
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());
  if (seconds !== undefined) setTimeout(() => stop.abort(), Number(seconds) * 1000).unref();
  return stop.signal;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { port: { type: "string", default: "9090" }, seconds: { type: "string" } } });
  const signal = stopSignal(values.seconds);
  const metrics = new Registry({ namespace: "vision" });
  await using exporter = await serve({ port: Number(values.port), registry: metrics });
  const service = new DetectionService(metrics);
  const url = await service.listen();
  console.log(`A motion detector watches ${CAMERAS.length} made-up cameras. Its measurements:`);
  console.log(`  ${exporter.url}/metrics        for Prometheus`);
  console.log(`  ${exporter.url}/metrics.json   for programs`);
  console.log(`  ${exporter.url}/health         for load balancers`);
  console.log("Ctrl-C ends it.");
  const cameras = load(url, { cameras: CAMERAS, signal });
  if (!signal.aborted) await once(signal, "abort");
  await cameras;
  await service.close();
  const { processed, failed, dropped, p99Seconds } = service.totals();
  console.log(`${processed} frames processed, ${failed} failed, ${dropped} dropped; 99 % answered within ${(p99Seconds * 1000).toFixed(1)} ms.`);
}

try {
  await main();
} catch (error) {
  // A mistake that the user can mend needs its message, not its stack.
  if (!(error instanceof InferometerError)) throw error;
  console.error(error.code === "PORT_IN_USE" ? `${error.message}\nFor example: node examples/dist/service.js --port 9091` : error.message);
  process.exitCode = 1;
}
