import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { DetectorSpec } from "../detectors/index.ts";
import type { SourceSpec } from "../sources/index.ts";
import { type DetectOptions, type DetectSummary, detect } from "./index.ts";

const present = spawnSync("ffmpeg", ["-version"]).status === 0;
if (!present) assert.ok(!process.env["CI"], "ffmpeg is missing, and CI must have it. Run: node tools/setup.mjs --for test");
const options = present ? {} : { skip: "ffmpeg is not installed; run: node tools/setup.mjs --for test" };

const clip: SourceSpec = { kind: "synthetic", frames: 30, width: 64, height: 48, framesPerSecond: 10 };
const quick: DetectorSpec = { kind: "module", url: new URL("./detectors.test-kit.js#quick", import.meta.url).href };

function scratch(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "output-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

function run(given: Partial<DetectOptions>): Promise<DetectSummary> {
  return detect({ sources: [clip], detector: quick, ...given }).done;
}

function probe(file: string): Record<string, string> {
  const fields = "stream=width,height,r_frame_rate,nb_frames,duration,pix_fmt";
  const { stdout } = spawnSync("ffprobe", ["-v", "error", "-show_entries", fields, "-of", "default=nw=1", file], { encoding: "utf8" });
  return Object.fromEntries(
    stdout
      .trim()
      .split("\n")
      .map((line) => line.split("=", 2) as [string, string]),
  );
}

/** The first picture of a file. */
function pixelsOf(file: string): Uint8Array {
  return spawnSync("ffmpeg", [
    "-v",
    "error",
    "-f",
    "image2",
    "-pattern_type",
    "none",
    "-i",
    file,
    "-frames:v",
    "1",
    "-f",
    "rawvideo",
    "-pix_fmt",
    "rgb24",
    "-",
  ]).stdout;
}

/** Fails, with the frames accounted for. */
async function failsWith(given: Partial<DetectOptions>, message: RegExp): Promise<void> {
  const running = detect({ sources: [clip], detector: quick, ...given });
  await assert.rejects(running.done, { code: "OUTPUT_FAILED", message });
  const { frames, sources } = running.summary();
  assert.equal(frames.received, frames.processed + Object.values(frames.dropped).reduce((sum, count) => sum + count, 0));
  assert.equal(sources[0]?.state, "failed");
}

describe("the annotated output", options, () => {
  it("is a video with the stream's timing", async (t) => {
    const output = join(scratch(t), "a.mp4");
    const { latency } = await run({ output });
    assert.deepEqual(probe(output), { width: "64", height: "48", pix_fmt: "yuv420p", r_frame_rate: "10/1", duration: "3.000000", nb_frames: "30" });
    assert.equal(latency.output?.count, 30);
  });

  it("keeps the timing when frames are left out, regularly or not", async (t) => {
    const folder = scratch(t);
    await run({ output: join(folder, "every.mp4"), every: 5 });
    const every = probe(join(folder, "every.mp4"));
    assert.deepEqual([every["r_frame_rate"], every["nb_frames"], every["duration"]], ["2/1", "6", "3.000000"]);
    await run({ output: join(folder, "rate.mp4"), maxFramesPerSecond: 4 });
    assert.equal(Math.round(Number(probe(join(folder, "rate.mp4"))["duration"])), 3);
    const slow: DetectorSpec = { kind: "module", url: new URL("./detectors.test-kit.js#slow", import.meta.url).href };
    const running = detect({ sources: [clip], detector: slow, output: join(folder, "dropped.mp4"), drop: "drop-oldest", queueSize: 1 });
    const times: number[] = [];
    for await (const { timestampSeconds } of running) times.push(timestampSeconds);
    assert.ok(times.length < 30, "nothing was dropped");
    assert.equal(probe(join(folder, "dropped.mp4"))["nb_frames"], String(Math.round((times.at(-1)! - times[0]!) * 10) + 1));
  });

  it("has even sides where the frames have odd ones", async (t) => {
    const output = join(scratch(t), "a.mkv");
    await run({ output, sources: [{ ...clip, width: 63, height: 47 }] });
    const { width, height } = probe(output);
    assert.deepEqual([width, height], ["64", "48"]);
  });

  it("is a folder of pictures, with the boxes drawn in", async (t) => {
    const folder = join(scratch(t), "100%", "out/");
    await run({ output: folder });
    assert.equal(readdirSync(folder).length, 30);
    const pixels = pixelsOf(`${folder}000001.png`);
    assert.equal(pixels.length, 64 * 48 * 3);
    const at = (20 * 64 + 5) * 3; // on the left side of the box
    assert.ok(Math.max(...pixels.subarray(at, at + 3)) - Math.min(...pixels.subarray(at, at + 3)) > 100, "no colour where the box should be");
  });

  it("goes to a file or folder a source", async (t) => {
    const folder = scratch(t);
    await run({ output: join(folder, "a.mp4"), sources: [clip, { ...clip, pixelFormat: "gray8" }] });
    assert.deepEqual(readdirSync(folder).sort(), ["a-1.mp4", "a-2.mp4"]);
    assert.equal(probe(join(folder, "a-2.mp4"))["nb_frames"], "30");
  });

  it("is complete when detection was stopped in the middle", async (t) => {
    const output = join(scratch(t), "a.mp4");
    const running = detect({ sources: [{ ...clip, frames: 100_000 }], detector: quick, output });
    let frames = 0;
    for await (const _ of running) if (++frames === 20) break;
    const { processed } = (await running.stop()).frames;
    assert.equal(probe(output)["nb_frames"], String(processed));
  });

  it("fails with what to do when there is no ffmpeg", async (t) => {
    await failsWith({ output: join(scratch(t), "a.mp4"), ffmpeg: "/nowhere/ffmpeg" }, /"\/nowhere\/ffmpeg".*Install it/);
  });

  it("fails with what to do when its folder is not there, or no folder can be made", async (t) => {
    const folder = scratch(t);
    await failsWith({ output: join(folder, "nowhere", "a.mp4") }, /No such file or directory\. See that its folder is there/);
    symlinkSync("/dev/null", join(folder, "file"));
    await failsWith({ output: join(folder, "file", "out/") }, /Cannot write the output ".*": .*\. See/);
  });

  it("fails with what to do when the disk is full", { skip: !existsSync("/dev/full") }, async (t) => {
    const output = join(scratch(t), "full.avi");
    symlinkSync("/dev/full", output);
    await failsWith({ output }, /No space left on device.*has room/); // found out when the file is closed
    await failsWith({ output, sources: [{ ...clip, frames: 10_000, width: 320, height: 240 }] }, /No space left on device/);
  });

  it("refuses what is neither a video nor pictures", () => failsWith({ output: "annotated" }, /has no ending/));

  it("leaves no ffmpeg behind, also when the detector fails", async (t) => {
    const output = join(scratch(t), "a.mp4");
    const broken: DetectorSpec = { kind: "module", url: new URL("./detectors.test-kit.js#broken", import.meta.url).href };
    await assert.rejects(run({ output, detector: broken, maxFailures: 5 }), { code: "DETECTOR_FAILED" });
    const children = spawnSync("ps", ["-o", "comm=", "--ppid", String(process.pid)], { encoding: "utf8" }).stdout;
    assert.doesNotMatch(children, /ffmpeg/);
  });
});
