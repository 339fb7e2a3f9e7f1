import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { unlessMissing, whereIs } from "../../../tools/programs.mjs";
import { BIN, bareEnvironment, inferometer, inShell } from "./command-line.test-kit.ts";

const quick = { concurrency: 1 } as const;

function scratch(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "inferometer-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("the command says what it is, and helps", quick, async () => {
  const help = await inferometer(["--help"]);
  assert.equal(help.code, 0);
  assert.match(help.stdout, /Usage: inferometer <command>/);
  assert.equal(help.stderr, "");
  const version = await inferometer(["--version"]);
  assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
  const nothing = await inferometer([]);
  assert.deepEqual([nothing.code, nothing.stdout], [2, ""]);
  assert.match(nothing.stderr, /Usage: inferometer <command>/);
  const detect = await inferometer(["detect", "--help"]);
  assert.match(detect.stdout, /inferometer detect \[options\] <source\.\.\.>/);
  assert.equal((await inferometer(["help", "detect"])).stdout, detect.stdout);
});

test("who calls it wrongly gets one line with the way out, and exit code 2", quick, async (t) => {
  const folder = scratch(t);
  writeFileSync(join(folder, "video.avi"), "not empty");
  const cases: readonly (readonly [string, RegExp])[] = [
    ["detct", /no command detct\. Did you mean "detect"\?/],
    ["detect", /detect needs a source/],
    ["detect video.avi --prot 3", /Did you mean "--port"\?/],
    ["detect synthetic: --detector nope", /Detector "nope" is not known/],
    ["detect synthetic: --labels x", /--labels is for ONNX models, and the detector is motion/],
    ["detect synthetic: --model a.onnx --detector people", /--detector and --model/],
    ["detect synthetic: --json --jsonl", /both write to stdout/],
    ["detect synthetic: --jsonl video.avi", /--jsonl would write over .*video\.avi/],
    ["detect video.avi --output video.avi", /--output would write over the source "video\.avi"/],
    ["detect synthetic: --linger", /Add --metrics prometheus/],
    ["detect synthetic: --fail-on p95>5", /p95 is a duration/],
    ["detect synthetic: --metrics prometheus --port 0 --namespace 9x", /Namespace "9x"/],
    ["detect synthetic:frmes=3", /"frmes=3" is not key=number/],
    ["detect ftp://host/a", /ftp:\/\/ is no address/],
    ["completion tcsh", /no completion for tcsh/],
  ];
  for (const [line, message] of cases) {
    const { code, stdout, stderr } = await inferometer(line.split(" "), { cwd: folder });
    assert.deepEqual([code, stdout], [2, ""], `${line}: ${stderr}`);
    assert.match(stderr, message);
    assert.match(stderr, /^inferometer: .*\n$/, "one line");
  }
});

test("what cannot be opened is named in one line, with exit code 1", quick, async (t) => {
  const folder = scratch(t);
  writeFileSync(join(folder, "empty.avi"), "");
  writeFileSync(join(folder, "text.mp4"), "hello");
  writeFileSync(join(folder, "text.onnx"), "hello");
  mkdirSync(join(folder, "nothing"));
  const cases: readonly (readonly [string, RegExp])[] = [
    ["detect missing.mp4", /"missing\.mp4" does not exist/],
    ["detect empty.avi", /"empty\.avi" is empty/],
    ["detect nothing", /"nothing" holds no pictures/],
    ["detect synthetic:frames=5 --model missing.onnx", /missing\.onnx cannot be read/],
    ["detect synthetic:frames=5 --model text.onnx", /text\.onnx is not an ONNX model/],
    ["detect synthetic:frames=5 --detector ./missing.mjs", /missing\.mjs/],
    ["detect redis://127.0.0.1:1/camera", /127\.0\.0\.1:1\/camera cannot be read/],
    ["detect a.mp4 --ffmpeg /nowhere/ffmpeg", /\/nowhere\/ffmpeg.* Install it|does not exist/],
    ["detect synthetic:frames=5 --jsonl nowhere/a.jsonl", /its folder does not exist/],
    ...(whereIs("ffmpeg") !== undefined ? [["detect text.mp4", /text\.mp4 is not a video/] as const] : []),
  ];
  for (const [line, message] of cases) {
    const { code, stdout, stderr } = await inferometer(line.split(" "), { cwd: folder });
    assert.deepEqual([code, stdout], [1, ""], `${line}: ${stderr}`);
    assert.match(stderr, message);
    assert.match(stderr, /^inferometer: .*\n$/, "one line, and no summary of nothing");
  }
});

test("--verbose shows where an error came from", quick, async () => {
  const { stderr } = await inferometer(["detect", "missing.mp4", "--verbose"]);
  assert.match(stderr, /^inferometer: .*\n.*Error: .*\n {4}at /);
});

test("a full disk is told, behind stdout and behind --jsonl", { ...quick, skip: process.platform !== "linux" }, () => {
  for (const line of [
    "inferometer detect synthetic:frames=9 -q --jsonl /dev/full",
    "inferometer detect synthetic:frames=9 -q --json > /dev/full",
    "inferometer --help > /dev/full",
  ]) {
    const { code, stderr } = inShell(line);
    assert.equal(code, 1, line);
    assert.match(stderr, /cannot be written: .*(disk is full|no space left)/i, line);
  }
});

test("a taken port is told before any work, with --port 0 as the way out", quick, async () => {
  const server = createServer();
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address() as { port: number };
  const { code, stderr } = await inferometer(["detect", "synthetic:frames=5", "--metrics", "prometheus", "--port", String(port)]);
  server.close();
  assert.equal(code, 1);
  assert.match(stderr, new RegExp(`^inferometer: port ${port} of 127\\.0\\.0\\.1 is taken.* --port 0 .*\\n$`));
});

test("stdout has data alone: a line a frame, or the summary", quick, async () => {
  const lines = await inferometer(["detect", "synthetic:frames=30", "--jsonl", "-q"]);
  const frames = lines.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { index: number; stageSeconds: { total: number } });
  assert.deepEqual(
    frames.map(({ index }) => index),
    Array.from({ length: 30 }, (_, at) => at),
  );
  assert.ok(frames.every(({ stageSeconds }) => stageSeconds.total > 0));
  assert.equal(lines.stderr, "");
  const summary = await inferometer(["detect", "synthetic:frames=30", "--json"]);
  const told = JSON.parse(summary.stdout) as { frames: { processed: number }; model: string; peakMemoryBytes: number };
  assert.deepEqual([told.frames.processed, told.model], [30, "motion"]);
  assert.ok(told.peakMemoryBytes > 2 ** 24);
  assert.match(summary.stderr, /Frames {6}30 received, 30 processed/);
});

test("what a detector prints goes to stderr, not in between the data", quick, async (t) => {
  const folder = scratch(t);
  writeFileSync(join(folder, "chatty.mjs"), 'export default { name: "chatty", detect({ index }) { console.log("at", index); return []; } };');
  for (const form of ["--json", "--jsonl"]) {
    const { code, stdout, stderr } = await inferometer(["detect", "synthetic:frames=9", "--detector", "./chatty.mjs", "-q", form], { cwd: folder });
    assert.equal(code, 0, stderr);
    for (const line of form === "--json" ? [stdout] : stdout.trimEnd().split("\n")) assert.doesNotThrow(() => JSON.parse(line), `${form}: ${line}`);
    assert.equal(stderr, Array.from({ length: 9 }, (_, index) => `at ${index}\n`).join(""));
  }
});

test("a crossed limit ends with 3, one that held with 0", quick, async () => {
  const crossed = await inferometer(["detect", "synthetic:frames=20", "-q", "--fail-on", "fps<1000000", "--fail-on", "errors>0"]);
  assert.equal(crossed.code, 3);
  assert.match(crossed.stderr, /^inferometer: fps<1000000 came true: fps .*\n$/);
  assert.equal((await inferometer(["detect", "synthetic:frames=20", "-q", "--fail-on", "drops>0"])).code, 0);
});

test("Ctrl-C and SIGTERM end the work with the summary", quick, async () => {
  for (const [signal, wanted] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    let sent = false;
    const { code, stdout, stderr } = await inferometer(["detect", "synthetic:live", "--jsonl"], {
      during(said, pid) {
        if (sent || !said.includes('"index"')) return;
        sent = true;
        process.kill(pid, signal);
      },
    });
    assert.equal(code, wanted, stderr);
    assert.match(stderr, /finishing the frames in work/);
    assert.match(stderr, /Frames {6}\d+ received/);
    const last = stdout.trimEnd().split("\n").at(-1)!;
    assert.doesNotThrow(() => JSON.parse(last), "the last line is whole");
  }
});

test("metrics are served while it works and as long as it lingers", quick, async () => {
  let page: Promise<string> | undefined;
  const { code, stderr } = await inferometer(
    ["detect", "synthetic:frames=20", "--metrics", "prometheus", "--port", "0", "--namespace", "vision_detect_segment", "--linger"],
    {
      during(said, pid) {
        const url = /metrics stay at (\S+)/.exec(said)?.[1];
        if (page !== undefined || url === undefined) return;
        page = fetch(url).then((answer) => answer.text());
        void page.finally(() => process.kill(pid, "SIGINT"));
      },
    },
  );
  assert.equal(code, 0, stderr);
  assert.match((await page)!, /^vision_detect_segment_frames_processed_total\{model="motion",status="success"\} 20$/m);
});

test("a reader that has seen enough is no failure", quick, () => {
  const { code, stdout, stderr } = inShell("set -o pipefail; inferometer detect synthetic:live --jsonl -q | head -n 3");
  assert.equal(code, 0, stderr);
  assert.equal(stdout.trimEnd().split("\n").length, 3);
  assert.equal(stderr, "");
});

test("a terminal gets one line that is redrawn, coloured, then the summary", { ...quick, skip: whereIs("script") === undefined }, () => {
  const COMMAND = `${process.execPath} ${BIN}`;
  const visible = (text: string): string => text.replaceAll("\x1b", "␛").replaceAll("\r", "␍");
  const shown = inShell('script -qec "stty cols 90; $COMMAND detect synthetic:frames=300" /dev/null', {
    env: { TERM: "xterm", LANG: "C.UTF-8", COMMAND },
  });
  assert.match(visible(shown.stdout), /␍␛\[K␛\[36m[█░]{24}␛\[39m {2}␛\[1m\d+ %␛\[22m {2}\d+\/300 frames/);
  assert.match(visible(shown.stdout), /␍␛\[K␍\n␛\[1mSource/);
  const dumb = inShell('script -qec "$COMMAND detect synthetic:frames=30" /dev/null', { env: { TERM: "dumb", COMMAND } });
  assert.match(dumb.stdout, /Frames/);
  assert.doesNotMatch(visible(dumb.stdout), /␛/);
});

test("a video that was cut off is watched as far as it goes, and its damage counted", {
  ...quick,
  ...unlessMissing("ffmpeg", "vtest.avi"),
}, async (t) => {
  const folder = scratch(t);
  writeFileSync(join(folder, "cut.avi"), readFileSync(whereIs("vtest.avi")!).subarray(0, 1_000_000));
  const words = ["detect", "cut.avi", "-q", "--json", "--fail-on", "errors>0"];
  const { code, stdout } = await inferometer(words, { cwd: folder });
  const { frames, errors } = JSON.parse(stdout) as { frames: { received: number; processed: number; inFlight: number }; errors: unknown[] };
  assert.ok(frames.processed > 10 && frames.inFlight === 0);
  assert.ok(errors.length > 0);
  assert.equal(code, 3);
});

test("npm start watches a real video where there is one, a made-up scene where not", quick, () => {
  const start = fileURLToPath(new URL("../../../tools/start.mjs", import.meta.url));
  const run = (env: NodeJS.ProcessEnv) =>
    spawnSync(process.execPath, [start, "--every", "20", "--port", "0", "--json", "--no-progress"], { encoding: "utf8", env, timeout: 60_000 });
  const here = run(bareEnvironment());
  assert.equal(here.status, 0, here.stderr);
  assert.match(here.stderr, /metrics at http:\/\/127\.0\.0\.1:\d+\/metrics/);
  if (whereIs("vtest.avi") !== undefined && whereIs("ffmpeg") !== undefined) {
    const { frames, model } = JSON.parse(here.stdout) as { frames: { received: number; processed: number }; model: string };
    assert.deepEqual([frames.received, frames.processed, model], [795, 40, "people"]);
  }
  const bare = run({ ...bareEnvironment(), PATH: "/nowhere" });
  assert.equal(bare.status, 0, bare.stderr);
  assert.match(bare.stderr, /^start: ffmpeg is not here, so a made-up scene takes the place of a real video\./);
});
