// What can be wrong with a source or a model while the command works: a message, an exit code, and every frame accounted for.
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { DetectSummary } from "@inferometer/vision";
import { createClient } from "@redis/client";
import { unlessMissing, whereIs } from "../../../tools/programs.mjs";
import { type Ended, inferometer } from "./command-line.test-kit.ts";
import { zerosModel } from "./onnx-model.test-kit.ts";

function scratch(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "bad-input-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function eventually(what: string, ask: () => boolean): Promise<void> {
  for (const deadline = performance.now() + 20_000; !ask(); ) {
    assert.ok(performance.now() < deadline, `no ${what} within 20 s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What --json wrote, with the laws of conservation held. */
function summaryOf({ stdout, stderr }: Ended): DetectSummary & { readonly error?: string } {
  assert.match(stdout, /^\{.*\}\n$/, stderr);
  const summary = JSON.parse(stdout) as DetectSummary & { readonly error?: string };
  const { frames, tracks } = summary;
  const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((total, count) => total + count, 0);
  assert.equal(frames.received, frames.processed + frames.failed + sum(frames.dropped) + frames.inFlight);
  assert.equal(frames.inFlight, 0);
  assert.equal(tracks.created, sum(tracks.lost) + tracks.active);
  return summary;
}

const linesIn = (file: string): string[] => (existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : []);
const indicesIn = (file: string): number[] => linesIn(file).map((line) => (JSON.parse(line) as { index: number }).index);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

/** The ffmpegs that a process has started. */
function ffmpegsOf(parent: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const [, program, state, of] = /^\d+ \((.*)\) (\S) (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, "latin1"))!;
        return program === "ffmpeg" && state !== "Z" && Number(of) === parent;
      } catch {
        return false; // gone meanwhile
      }
    })
    .map(Number);
}

describe("a model", () => {
  for (const [what, files, message] of [
    [
      "of unknown layout",
      { "m.onnx": zerosModel([1, 2, 3, 4]) },
      /outputs for 64 x 64 pixels are output0 \[1, 2, 3, 4\], which no known layout has\. Known are/,
    ],
    ["whose labels do not fit", { "m.onnx": zerosModel([1, 6, 84]), "labels.txt": "one\ntwo\nthree\n" }, /3 labels/],
    ["whose labels are no labels", { "m.onnx": zerosModel([1, 6, 84]), "labels.txt": "{ nonsense" }, /labels\.txt is not valid JSON/],
    ["whose labels are not there", { "m.onnx": zerosModel([1, 6, 84]), "labels.txt": undefined }, /labels\.txt cannot be read: .*Check the path/],
    ["that was cut off", { "m.onnx": zerosModel([1, 6, 84]).subarray(0, 1000) }, /m\.onnx is not an ONNX model, or is cut off/],
    ["that may not be read", { "m.onnx": null }, /m\.onnx cannot be read: /],
  ] as const) {
    it(`${what} is told before any frame, with exit code 1`, async (t) => {
      const folder = scratch(t);
      for (const [name, content] of Object.entries(files)) if (content !== undefined && content !== null) writeFileSync(join(folder, name), content);
      // Nobody may read a folder as a file; taking rights away would not keep root out.
      if (files["m.onnx"] === null) execFileSync("mkdir", [join(folder, "m.onnx")]);
      const labels = "labels.txt" in files ? ["--labels", "labels.txt"] : [];
      const ended = await inferometer(["detect", "synthetic:frames=50", "--model", "m.onnx", ...labels, "--json", "-q"], { cwd: folder });
      assert.equal(ended.code, 1);
      assert.match(ended.stderr, message);
      assert.match(ended.stderr, /^inferometer: /);
      const { frames, error } = summaryOf(ended);
      assert.equal(frames.processed, 0);
      assert.match(error ?? "", message);
    });
  }

  it("that fits finds what it finds, which with zeros is nothing", async (t) => {
    const folder = scratch(t);
    writeFileSync(join(folder, "m.onnx"), zerosModel([1, 6, 84]));
    writeFileSync(join(folder, "labels.txt"), "one\ntwo\n");
    const ended = await inferometer("detect synthetic:frames=5 --model m.onnx --labels labels.txt --json -q".split(" "), { cwd: folder });
    assert.equal(ended.code, 0, ended.stderr);
    const { frames, detections } = summaryOf(ended);
    assert.deepEqual([frames.processed, detections], [5, {}]);
  });
});

describe("a video", unlessMissing("ffmpeg"), () => {
  const FRAMES = 150;

  /** Large pictures: of small ones hundreds would wait in the pipe when ffmpeg dies. */
  function clip(folder: string): string {
    const file = join(folder, "clip.mkv");
    const picture = ["-f", "lavfi", "-i", "testsrc2=size=640x480:rate=10", "-frames:v", String(FRAMES)];
    execFileSync(whereIs("ffmpeg")!, ["-v", "error", ...picture, "-c:v", "mpeg4", "-q:v", "4", file]);
    return file;
  }

  /** Does something to the ffmpeg while the command works on the clip. */
  async function disturbed(t: TestContext, { signal, options = [] }: { readonly signal: NodeJS.Signals; readonly options?: readonly string[] }) {
    const folder = scratch(t);
    const lines = join(folder, "out.jsonl");
    const words = ["detect", clip(folder), "-q", "--json", "--jsonl", lines, "--ffmpeg", whereIs("ffmpeg")!, ...options];
    let command = 0;
    const running = inferometer(words, { started: (pid) => (command = pid) });
    await eventually("tenth frame", () => linesIn(lines).length >= 10);
    const victims = ffmpegsOf(command);
    assert.equal(victims.length, 1);
    for (const pid of victims) process.kill(pid, signal);
    const ended = await running;
    assert.deepEqual(ffmpegsOf(command), []);
    assert.deepEqual(indicesIn(lines), upTo(FRAMES), "every frame once, in order");
    return ended;
  }

  it("whose ffmpeg is killed in the middle is read on behind the last frame; none is lost, none comes twice", async (t) => {
    const ended = await disturbed(t, { signal: "SIGKILL" });
    assert.equal(ended.code, 0, ended.stderr);
    const { frames, sources } = summaryOf(ended);
    assert.deepEqual([frames.processed, sources[0]?.restarts, sources[0]?.state], [FRAMES, 1, "ended"]);
  });

  it("whose ffmpeg hangs in the middle is read on once --stall-after has passed", async (t) => {
    const ended = await disturbed(t, { signal: "SIGSTOP", options: ["--stall-after", "1s"] });
    assert.equal(ended.code, 0, ended.stderr);
    const { frames, sources } = summaryOf(ended);
    assert.deepEqual([frames.processed, sources[0]?.restarts], [FRAMES, 1]);
  });

  it("that hangs before its first frame is given up, with exit code 1", async (t) => {
    const pipe = join(scratch(t), "pipe.mkv");
    assert.equal(spawnSync("mkfifo", [pipe]).status, 0);
    const ended = await inferometer(["detect", pipe, "-q", "--json", "--stall-after", "500ms"]);
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /^inferometer: .*pipe\.mkv .*gave no picture for 0\.5 s\..*\n$/);
    assert.equal(summaryOf(ended).sources[0]?.state, "failed");
  });

  it("whose ffmpeg dies at once is told, with what it said", async (t) => {
    const folder = scratch(t);
    const dying = join(folder, "ffmpeg");
    writeFileSync(dying, '#!/bin/sh\ncase "$*" in *-version*) echo "ffmpeg version 6.0"; exit 0;; esac\necho "[fatal] out of luck" >&2\nexit 1\n');
    chmodSync(dying, 0o755);
    const ended = await inferometer(["detect", clip(folder), "-q", "--json", "--ffmpeg", dying]);
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /^inferometer: .*clip\.mkv.*out of luck/);
    assert.equal(summaryOf(ended).frames.received, 0);
  });

  it("with bytes turned over is watched to its end, and its errors are told", async (t) => {
    const folder = scratch(t);
    const bytes = readFileSync(clip(folder));
    for (let at = 50_000; at < bytes.length; at += 50_000) bytes.subarray(at, at + 20).forEach((byte, of) => void (bytes[at + of] = byte ^ 0xff));
    writeFileSync(join(folder, "damaged.mkv"), bytes);
    const ended = await inferometer(["detect", join(folder, "damaged.mkv"), "-q", "--json", "--ffmpeg", whereIs("ffmpeg")!]);
    assert.equal(ended.code, 0, ended.stderr);
    const { frames, errors } = summaryOf(ended);
    assert.ok(frames.processed > FRAMES / 2, `${frames.processed} frames`);
    assert.ok(errors.some(({ component, count }) => component === "source" && count > 0));
  });

  it("of no length is told, with exit code 1", async (t) => {
    const file = join(scratch(t), "none.mkv");
    const nothing = ["-f", "lavfi", "-i", "testsrc2=size=64x48:rate=10", "-frames:v", "0", "-c:v", "mpeg4", file];
    spawnSync(whereIs("ffmpeg")!, ["-v", "error", ...nothing]);
    assert.ok(statSync(file).size > 0);
    const ended = await inferometer(["detect", file, "-q", "--json", "--ffmpeg", whereIs("ffmpeg")!]);
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /^inferometer: .*none\.mkv .*\n$/);
    assert.equal(summaryOf(ended).frames.received, 0);
  });
});

describe("a Redis", unlessMissing("redis-server"), () => {
  async function freePort(): Promise<number> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    await new Promise((closed) => server.close(closed));
    return port;
  }

  /** Returns what kills it. */
  async function startRedis(t: TestContext, port: number): Promise<() => Promise<void>> {
    const quiet = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
    const child = spawn(whereIs("redis-server")!, quiet, { stdio: ["ignore", "pipe", "inherit"] });
    const ended = once(child, "exit");
    const kill = async (): Promise<void> => {
      child.kill("SIGKILL");
      await ended;
    };
    t.after(kill);
    for await (const text of child.stdout.setEncoding("utf8")) if (String(text).includes("Ready to accept connections")) break;
    return kill;
  }

  /** Adds grey pictures of 8 x 8 as fields of their own, as many as are asked for. */
  async function produce(port: number, count: number): Promise<void> {
    const client = createClient({ url: `redis://127.0.0.1:${port}`, socket: { reconnectStrategy: false } });
    await client.connect();
    const form = { format: "raw", width: "8", height: "8", channels: "1", dtype: "uint8" };
    for (let at = 0; at < count; at++) {
      const fields = Object.entries({ ...form, image_data: Buffer.alloc(64, at).toString("base64") });
      await client.sendCommand(["XADD", "camera", "*", ...fields.flat()]);
    }
    client.destroy();
  }

  it("that is down at the start is told, with exit code 1", async () => {
    const ended = await inferometer(["detect", `redis://127.0.0.1:${await freePort()}/camera`, "-q", "--json"]);
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /^inferometer: redis:.* cannot be read: .*ECONNREFUSED.*Is Redis running there.*\n$/);
    assert.equal(summaryOf(ended).frames.received, 0);
  });

  it("that dies in the middle is waited for, and every frame before and after is watched", async (t) => {
    const folder = scratch(t);
    const lines = join(folder, "out.jsonl");
    const port = await freePort();
    const kill = await startRedis(t, port);
    await produce(port, 20);
    let command = 0;
    let said = "";
    const words = ["detect", `redis://127.0.0.1:${port}/camera?group=g`, "--json", "--no-progress", "--drop", "wait", "--jsonl", lines];
    const running = inferometer(words, { started: (pid) => (command = pid), during: (text) => (said = text) });
    await eventually("20 frames", () => linesIn(lines).length >= 20);
    await kill();
    await eventually("word that it is down", () => /inferometer: redis:\S+ is down: /.test(said));
    await startRedis(t, port);
    await produce(port, 10);
    await eventually("10 further frames", () => linesIn(lines).length >= 30);
    process.kill(command, "SIGTERM");
    const ended = await running;
    assert.equal(ended.code, 143, ended.stderr);
    assert.match(ended.stderr, /inferometer: redis:\S+ is back\n/);
    const { frames, sources } = summaryOf(ended);
    assert.deepEqual([frames.received, frames.processed], [30, 30]);
    assert.ok(sources[0]!.restarts >= 1);
  });

  it("that dies for good leaves a summary of what there was when the command is ended", async (t) => {
    const lines = join(scratch(t), "out.jsonl");
    const port = await freePort();
    const kill = await startRedis(t, port);
    await produce(port, 20);
    let interrupted = false;
    const running = inferometer(
      ["detect", `redis://127.0.0.1:${port}/camera?group=g`, "--json", "--no-progress", "--drop", "wait", "--jsonl", lines],
      {
        during(said, pid) {
          if (interrupted || !/ is down: /.test(said)) return;
          interrupted = true;
          process.kill(pid, "SIGINT");
        },
      },
    );
    await eventually("20 frames", () => linesIn(lines).length >= 20);
    await kill();
    const ended = await running;
    assert.equal(ended.code, 130, ended.stderr);
    assert.deepEqual(indicesIn(lines), upTo(20));
    assert.equal(summaryOf(ended).frames.processed, 20);
  });
});
