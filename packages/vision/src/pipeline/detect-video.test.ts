import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { Registry } from "@inferometer/metrics";
import { visionMetrics } from "@inferometer/metrics/instrument";
import type { DetectorSpec } from "../detectors/index.ts";
import { type DetectSummary, detect } from "./index.ts";

const present = spawnSync("ffmpeg", ["-version"]).status === 0;
if (!present) assert.ok(!process.env["CI"], "ffmpeg is missing, and CI must have it. Run: node tools/setup.mjs --for test");
const options = present ? {} : { skip: "ffmpeg is not installed; run: node tools/setup.mjs --for test" };

const module = (kind: string): DetectorSpec => ({ kind: "module", url: new URL(`./detectors.test-kit.js#${kind}`, import.meta.url).href });

function scratch(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "detect-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

function clip(folder: string, { seconds, size = "64x48" }: { readonly seconds: number; readonly size?: string }): string {
  const file = join(folder, "clip.mkv");
  const input = ["-f", "lavfi", "-i", `testsrc2=size=${size}:rate=25:duration=${seconds}`];
  assert.equal(spawnSync("ffmpeg", ["-v", "error", ...input, "-pix_fmt", "yuv420p", file]).status, 0);
  return file;
}

/** The ffmpegs that this process has started: their ids. */
function ffmpegs(): number[] {
  const { stdout } = spawnSync("ps", ["-o", "pid=,comm=", "--ppid", String(process.pid)], { encoding: "utf8" });
  return stdout
    .split("\n")
    .filter((line) => line.includes("ffmpeg"))
    .map((line) => Number.parseInt(line, 10));
}

async function eventually(what: string, ready: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!ready()) {
    assert.ok(performance.now() < deadline, `${what} did not happen within 10 s`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function assertBalanced({ frames }: DetectSummary): void {
  const dropped = Object.values(frames.dropped).reduce((sum, count) => sum + count, 0);
  assert.deepEqual([frames.received, frames.inFlight], [frames.processed + frames.failed + dropped, 0]);
}

describe("detect on videos", options, () => {
  it("looks at every frame, and names the source in the metrics", async (t) => {
    const file = clip(scratch(t), { seconds: 2 });
    const registry = new Registry();
    const { frames, expectedFrames, sources } = await detect({
      sources: [file],
      detector: module("quick"),
      metrics: visionMetrics({ model: "m", registry }),
    }).done;
    assert.deepEqual([frames.received, frames.processed, expectedFrames], [50, 50, 50]);
    assert.equal(registry.snapshot().value("frames_received_total", { source: sources[0]!.name }), 50);
  });

  it("goes on when ffmpeg is killed in the middle", async (t) => {
    // Large pictures: small ones would wait in the pipe by the hundred when ffmpeg dies.
    const running = detect({ sources: [clip(scratch(t), { seconds: 8, size: "640x480" })], detector: module("slow") });
    await eventually("a tenth frame", () => running.summary().frames.processed >= 10);
    for (const pid of ffmpegs()) process.kill(pid, "SIGKILL");
    await eventually("a restart", () => (running.summary().sources[0]?.restarts ?? 0) === 1);
    const before = running.summary().frames.processed;
    await eventually("more frames", () => running.summary().frames.processed > before + 10);
    assertBalanced(await running.stop());
  });

  for (const [what, make, code] of [
    ["is not there", (folder: string) => join(folder, "nowhere.mp4"), "SOURCE_NOT_FOUND"],
    [
      "is not a video",
      (folder: string) => {
        writeFileSync(join(folder, "text.mp4"), "no video\n".repeat(100));
        return join(folder, "text.mp4");
      },
      "SOURCE_INVALID",
    ],
  ] as const) {
    it(`tells that a file ${what}`, async (t) => {
      const running = detect({ sources: [make(scratch(t))], detector: module("quick") });
      await assert.rejects(running.done, { code });
      assertBalanced(running.summary());
      assert.deepEqual(ffmpegs(), []);
    });
  }

  it("stops within two seconds though the source hangs, and leaves no ffmpeg behind", async (t) => {
    const pipe = join(scratch(t), "pipe.mkv");
    assert.equal(spawnSync("mkfifo", [pipe]).status, 0);
    const running = detect({ sources: [{ kind: "video", input: pipe }], detector: module("quick") });
    await eventually("an ffmpeg", () => ffmpegs().length > 0);
    const begun = performance.now();
    const { sources } = await running.stop();
    assert.ok(performance.now() - begun < 2000);
    assert.equal(sources[0]?.state, "stopped");
    assert.deepEqual(ffmpegs(), []);
  });

  it("stops within some seconds though the ffmpeg of the output hangs", async (t) => {
    const folder = scratch(t);
    assert.equal(spawnSync("mkfifo", [join(folder, "out.mkv")]).status, 0);
    symlinkSync(clip(folder, { seconds: 20 }), join(folder, "in.mkv"));
    const running = detect({ sources: [join(folder, "in.mkv")], detector: module("quick"), output: join(folder, "out.mkv") });
    await eventually("both ffmpegs", () => ffmpegs().length === 2);
    const begun = performance.now();
    const { frames } = await running.stop();
    assert.ok(performance.now() - begun < 6000);
    assert.ok(frames.received >= frames.processed);
    assertBalanced(running.summary());
    await eventually("the end of both", () => ffmpegs().length === 0);
  });
});
