// Pictures of a video into one buffer in shared memory as rgb24: milliseconds of CPU a picture, those of child processes included, once the
// first ones have shown that all is loaded and compiled.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { answer, cpuMs, job } from "../child.mjs";
import { childrenMs } from "./cpu.mjs";

const SKIP = 100;
const { client, video, bytes, frames } = job();
const into = new Uint8Array(new SharedArrayBuffer(bytes));
let pictures = 0;
let start = 0;
let took;
await (client === "inferometer" ? ours() : nodeAv(client));
// A figure counts only if the work was really done.
if (took === undefined || !into.some((value) => value !== into[0])) throw new Error(`${client}: ${pictures} pictures of ${SKIP + frames}`);
answer(took / frames);

/** Whether there is more to do. */
function counted() {
  if (++pictures === SKIP) start = cpuMs() + childrenMs();
  if (pictures === SKIP + frames) took = cpuMs() + childrenMs() - start;
  return took === undefined;
}

async function ours() {
  const { createSource } = await import("../../packages/vision/dist/index.js");
  const source = createSource({ kind: "video", input: video });
  await source.open();
  while ((await source.read(into)) !== undefined && counted());
  await source.close();
}

async function nodeAv(way) {
  // node-av uses it and catches what follows where it is missing (Node 20): no pictures, and no error.
  Promise.withResolvers ??= () => {
    const parts = {};
    parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
    return parts;
  };
  const require = createRequire(new URL("../node-av/package.json", import.meta.url));
  const { Decoder, Demuxer, Scaler } = await import(pathToFileURL(require.resolve("node-av/api")).href);
  const input = await Demuxer.open(video);
  const stream = input.video();
  const decoder = await Decoder.create(stream);
  const scaler = new Scaler();
  for await (const frame of decoder.frames(input.packets(stream.index))) {
    if (frame === null) continue; // the end of the stream
    into.set(way === "node-av" ? await scaler.toBuffer(frame, { format: "rgb" }) : scaler.toBufferSync(frame, { format: "rgb" }));
    frame.free();
    if (!counted()) break;
  }
}
