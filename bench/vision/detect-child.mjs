// One run of detect(). Tells the CPU a frame, once the first `skip` frames have warmed everything up, and of all from the call on.
import { Registry } from "../../packages/metrics/bundle/index.js";
import { visionMetrics } from "../../packages/metrics/bundle/instrument/index.js";
import { detect } from "../../packages/vision/dist/index.js";
import { answer, cpuMs, job } from "../child.mjs";
import { childrenMs, mainThreadMs } from "./cpu.mjs";

const { source, detector = "motion", metrics, warmUp = 0, skip = 0, expected, residentEvery } = job();
const registry = new Registry();
const recording = metrics ? { metrics: visionMetrics({ model: detector, registry }) } : {};
// What the calling thread does for a frame is compiled after some thousands of them; these pass quickly.
if (warmUp > 0) await detect({ sources: [{ kind: "synthetic", frames: warmUp, width: 64, height: 48 }], detector, ...recording }).done;
const began = { cpu: cpuMs(), main: mainThreadMs() };
const run = detect({ sources: [source], detector, ...recording });
const resident = [];
let warm = began;
let frames = 0;
for await (const _ of run) {
  frames++;
  if (frames === skip) warm = { cpu: cpuMs(), main: mainThreadMs() };
  if (frames % residentEvery === 0) resident.push(process.memoryUsage.rss() / 2 ** 20);
}
const ended = { cpu: cpuMs(), main: mainThreadMs() };
const { frames: books, framesPerSecond } = await run.done;
// A figure counts only if the work was really done.
const recorded = metrics ? registry.snapshot().value("frames_processed_total", { model: detector, status: "success" }) - warmUp : expected;
if (frames !== expected || books.processed !== expected || recorded !== expected) {
  throw new Error(`${frames} results, ${books.processed} frames processed, ${recorded} recorded, of ${expected}`);
}
answer({
  nodeMs: (ended.cpu - warm.cpu) / (frames - skip),
  mainMs: (ended.main - warm.main) / (frames - skip),
  wholeMs: (ended.cpu - began.cpu + childrenMs()) / frames,
  framesPerSecond,
  resident,
});
