// A whole video into one buffer in shared memory as rgb24: milliseconds of CPU a picture, those of child processes included.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { answer, cpuMs, job } from "../child.mjs";
import { childrenMs } from "./cpu.mjs";

const { client, video, bytes, expected } = job();
const into = new Uint8Array(new SharedArrayBuffer(bytes));
const decode = client === "inferometer" ? await ours() : await nodeAv(client);
const start = cpuMs();
const pictures = await decode();
const took = cpuMs() - start + childrenMs();
// A figure counts only if the work was really done.
if (pictures !== expected || !into.some((value) => value !== into[0])) throw new Error(`${client}: ${pictures} pictures of ${expected}`);
answer(took / pictures);

async function ours() {
  const { createSource } = await import("../../packages/vision/dist/index.js");
  return async () => {
    const source = createSource({ kind: "video", input: video });
    await source.open();
    let count = 0;
    while ((await source.read(into)) !== undefined) count++;
    await source.close();
    return count;
  };
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
  return async () => {
    const input = await Demuxer.open(video);
    const stream = input.video();
    const decoder = await Decoder.create(stream);
    const scaler = new Scaler();
    let count = 0;
    for await (const frame of decoder.frames(input.packets(stream.index))) {
      if (frame === null) continue; // the end of the stream
      into.set(way === "node-av" ? await scaler.toBuffer(frame, { format: "rgb" }) : scaler.toBufferSync(frame, { format: "rgb" }));
      frame.free();
      count++;
    }
    return count;
  };
}
