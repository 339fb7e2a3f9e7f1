import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Registry } from "@inferometer/metrics";
import { visionMetrics } from "@inferometer/metrics/instrument";
import { createClient } from "@redis/client";
import { unlessMissing } from "../../../../tools/programs.mjs";
import type { SourceSpec } from "../sources/index.ts";
import { eventually, ffmpeg, freePort, scratch, startRedis, testPicture } from "../sources/sources.test-kit.ts";
import { type Detecting, detect } from "./index.ts";

const detector = { kind: "module", url: new URL("./detectors.test-kit.js#quick", import.meta.url).href } as const;

function watching(source: string | SourceSpec): { readonly running: Detecting; value(name: string, labels: Record<string, string>): number } {
  const registry = new Registry();
  const running = detect({ sources: [source], detector, metrics: visionMetrics({ model: "m", registry }) });
  return { running, value: (name, labels) => registry.snapshot().value(name, labels) ?? 0 };
}

/** Every lost picture is one error and one drop; every error is in the summary, in errors_total and in decode_errors_total alike. */
function assertCountedOnce({ running, value }: ReturnType<typeof watching>): { readonly lost: number; readonly kinds: readonly string[] } {
  const { frames, errors, sources } = running.summary();
  const lost = value("errors_total", { component: "source", error_type: "undecodable" });
  assert.equal(lost, frames.dropped.corrupt);
  assert.equal(lost, value("frames_dropped_total", { model: "m", reason: "corrupt" }));
  for (const { component, type, count } of errors) {
    assert.equal(value("errors_total", { component, error_type: type }), count, type);
    assert.equal(value("decode_errors_total", { source: sources[0]!.name, type }), count, type);
  }
  assert.equal(
    errors.reduce((sum, { count }) => sum + count, 0),
    sources[0]!.decodeErrors,
  );
  return { lost, kinds: errors.map(({ type }) => type) };
}

describe("what cannot be decoded is an error once, and a dropped frame once", () => {
  it("in a damaged video", unlessMissing("ffmpeg"), async (t) => {
    // Each picture by itself, as in an AVI of a camera: those whose header is spoilt are lost, those spoilt behind it come damaged.
    const path = join(scratch(t), "clip.avi");
    ffmpeg(...testPicture("160x120", 25), "-frames:v", "60", "-c:v", "mjpeg", "-q:v", "3", path);
    const bytes = readFileSync(path);
    const pictures = [...bytes.toString("latin1").matchAll(/00dc.{4}\xff\xd8/gs)].map(({ index }) => index + 8);
    assert.equal(pictures.length, 60);
    for (const at of [7, 8, 30]) bytes.fill(0, pictures[at]!, pictures[at]! + 400);
    for (const at of [15, 40]) bytes.fill(0xff, pictures[at]! + 1500, pictures[at]! + 2500);
    writeFileSync(path, bytes);
    const watched = watching(path);
    const { frames } = await watched.running.done;
    const { lost, kinds } = assertCountedOnce(watched);
    assert.ok(lost >= 3 && lost <= 5, `${lost} of the 5 spoilt pictures were lost`);
    assert.deepEqual([frames.received, frames.processed], [60, 60 - lost]);
    assert.ok(kinds.length > 1, `only ${kinds}`);
  });

  it("in a folder of pictures", unlessMissing("ffmpeg"), async (t) => {
    const folder = scratch(t);
    ffmpeg(...testPicture(), "-frames:v", "6", join(folder, "%d.jpg"));
    writeFileSync(join(folder, "2.jpg"), "no picture");
    const whole = readFileSync(join(folder, "4.jpg"));
    whole.fill(0, 2, 400);
    writeFileSync(join(folder, "4.jpg"), whole);
    const watched = watching(folder);
    assert.deepEqual((await watched.running.done).frames.processed, 4);
    assert.deepEqual(assertCountedOnce(watched), { lost: 2, kinds: ["undecodable"] });
  });

  it("in a stream of Redis", unlessMissing("ffmpeg", "redis-server"), async (t) => {
    const port = await freePort();
    await startRedis(t, { port });
    const url = `redis://127.0.0.1:${port}`;
    const producer = await createClient({ url, socket: { reconnectStrategy: false } })
      .on("error", () => {})
      .connect();
    t.after(() => producer.destroy());
    const jpeg = ffmpeg(...testPicture(), "-frames:v", "1", "-f", "mjpeg", "pipe:1");
    const broken = Buffer.concat([jpeg.subarray(0, 20), Buffer.alloc(600)]);
    for (const image of [broken, jpeg, broken, jpeg, Buffer.from("no picture"), jpeg])
      await producer.sendCommand(["XADD", "camera", "*", "format", "jpeg", "image", image]);
    const watched = watching({ kind: "redis", url, stream: "camera", group: "g" });
    await eventually(() => watched.running.summary().frames.processed === 3, "the third whole picture");
    await watched.running.stop();
    assert.deepEqual(assertCountedOnce(watched), { lost: 3, kinds: ["undecodable"] });
    assert.equal(watched.running.summary().frames.received, 6);
  });
});
