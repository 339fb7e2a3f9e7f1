// Our background subtraction and OpenCV's on the same pictures, in turns: milliseconds of CPU a picture, and how many pixels of the masks differ.
import { createRequire } from "node:module";
import { BackgroundSubtractor, createSource } from "../../packages/vision/dist/index.js";
import { answer, cpuMs, job } from "../child.mjs";

const SKIP = 60; // learning, and the compilers' work
const { video, channels, frames } = job();
const cv = createRequire(new URL("../../packages/vision/package.json", import.meta.url))("@techstark/opencv-js");
// The module must not be awaited itself: it has a `then` that resolves to the module, for ever.
if (cv.Mat === undefined) await new Promise((resolve) => Object.assign(cv, { onRuntimeInitialized: resolve }));

const source = createSource({ kind: "video", input: video });
const { width, height } = await source.open({ pixelFormat: channels === 1 ? "gray8" : "rgb24" });
const picture = new Uint8Array(width * height * channels);
const mask = new Uint8Array(width * height);
const ours = new BackgroundSubtractor(width, height, { channels, shadows: true });
const theirs = new cv.BackgroundSubtractorMOG2(500, 16, true);
const [from, to] = [new cv.Mat(height, width, channels === 1 ? cv.CV_8UC1 : cv.CV_8UC3), new cv.Mat()];
const took = { ours: 0, theirs: 0 };
const apply = { ours: () => ours.apply(picture, mask), theirs: () => theirs.apply(from, to, -1) };
let different = 0;

for (let frame = 0; frame < SKIP + frames; frame++) {
  if ((await source.read(picture)) === undefined) throw new Error(`${video} has ${frame} pictures; ${SKIP + frames} are needed`);
  from.data.set(picture);
  for (const side of frame % 2 === 0 ? ["ours", "theirs"] : ["theirs", "ours"]) {
    const start = cpuMs();
    apply[side]();
    if (frame >= SKIP) took[side] += cpuMs() - start;
  }
  const other = to.data;
  for (let at = 0; at < mask.length; at++) if (mask[at] !== other[at]) different++;
}
await source.close();
answer({ ours: took.ours / frames, theirs: took.theirs / frames, different: different / ((SKIP + frames) * mask.length) });
