// How late the timers of the main thread come: doing nothing, with a camera's pictures coming, and with a file read as quickly as it goes.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { Registry } from "../../packages/metrics/bundle/index.js";
import { visionMetrics } from "../../packages/metrics/bundle/instrument/index.js";
import { detect } from "../../packages/vision/dist/index.js";
import { answer, job } from "../child.mjs";

const { sources, watchMs, resolutionMs } = job();
const metrics = visionMetrics({ model: "motion", registry: new Registry() });
const delays = { idle: await watched() };
for (const [name, source] of Object.entries(sources)) {
  const run = detect({ sources: [source], metrics });
  while (run.summary().frames.processed < 50) await pause(20);
  const before = run.summary().frames.processed;
  delays[name] = await watched();
  if (!(run.summary().frames.processed > before) || run.summary().sources[0].state !== "running")
    throw new Error(`${name}: it did not run all the time`);
  await run.stop();
}
answer(delays);

/** The 99th percentile in milliseconds, the interval of the timer taken off. */
async function watched() {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  await pause(watchMs);
  delay.disable();
  return delay.percentile(99) / 1e6 - resolutionMs;
}
