import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { InferometerError } from "@inferometer/metrics";
import { unlessMissing } from "../../../../tools/programs.mjs";
import type { SourceEvent } from "../types.ts";
import { childrenNamed, eventually, ffmpeg, scratch, takeAll, testPicture, told } from "./sources.test-kit.ts";
import { VideoSource } from "./video-source.ts";

const needs = unlessMissing("ffmpeg");
const video = (input: string): VideoSource => new VideoSource({ kind: "video", input });
const failsWith = (code: string, pattern: RegExp) => (error: unknown) =>
  error instanceof InferometerError && error.code === code && pattern.test(error.message);

/** 30 pictures, three seconds, without loss. */
function losslessClip(t: TestContext): string {
  const path = join(scratch(t), "clip.mkv");
  ffmpeg(...testPicture(), "-frames:v", "30", "-c:v", "png", "-pix_fmt", "rgb24", path);
  return path;
}

/** 60 pictures of H.264 with an index at the front. */
function streamedClip(t: TestContext): string {
  const path = join(scratch(t), "clip.mp4");
  ffmpeg(...testPicture("320x240", 30), "-frames:v", "60", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-movflags", "+faststart", path);
  return path;
}

test("every pixel of a lossless clip arrives, in order and on time", needs, async (t) => {
  const { info, stamps, pictures, events } = await takeAll(video(losslessClip(t)));
  assert.deepEqual(info, { width: 64, height: 48, pixelFormat: "rgb24", framesPerSecond: 10, frames: 30 });
  const expected = ffmpeg(...testPicture(), "-frames:v", "30", "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1");
  assert.ok(Buffer.concat(pictures).equals(expected), "the pixels differ");
  assert.deepEqual(
    stamps.map(({ index, timestampSeconds }) => [index, Math.round(timestampSeconds * 1000)]),
    Array.from({ length: 30 }, (_, i) => [i, i * 100]),
  );
  assert.deepEqual(events, [{ kind: "up" }]);
});

test("pictures come in the size and format asked for, into shared memory", needs, async (t) => {
  const source = video(losslessClip(t));
  t.after(() => source.close());
  const info = await source.open({ width: 32, height: 24, pixelFormat: "gray8" });
  assert.deepEqual([info.width, info.height, info.pixelFormat], [32, 24, "gray8"]);
  const picture = new Uint8Array(new SharedArrayBuffer(32 * 24 + 1));
  assert.deepEqual(await source.read(picture), { index: 0, timestampSeconds: 0 });
  assert.ok(new Set(picture).size > 20, "there is no picture");
  assert.equal(picture.at(-1), 0, "written beyond the picture");
  await assert.rejects(source.read(new Uint8Array(10)), failsWith("OPTION_INVALID", /10 bytes/));
});

for (const [what, ...coding] of [
  ["of studio range", "-pix_fmt", "yuv420p"],
  ["with less of the colours", "-pix_fmt", "yuv444p"],
  ["of full range", "-pix_fmt", "yuvj420p"],
  ["with an odd width", "-pix_fmt", "yuv420p", "-vf", "scale=63:47"],
] as const) {
  test(`grey pictures of a video ${what} are what ffmpeg calls grey`, needs, async (t) => {
    const path = join(scratch(t), "clip.mkv");
    ffmpeg(...testPicture(), "-frames:v", "8", ...coding, "-c:v", "ffv1", path);
    const { pictures, events } = await takeAll(video(path), { pixelFormat: "gray8" });
    const expected = ffmpeg("-i", path, "-f", "rawvideo", "-pix_fmt", "gray", "pipe:1");
    assert.ok(Buffer.concat(pictures).equals(expected), "the pixels differ");
    assert.deepEqual(events, [{ kind: "up" }]);
    assert.deepEqual(childrenNamed("ffmpeg"), []);
  });
}

test("a pause between pictures shows in their timestamps", needs, async (t) => {
  const path = join(scratch(t), "gap.mkv");
  ffmpeg(...testPicture(), "-frames:v", "6", "-vf", "select='not(between(n,3,6))'", "-fps_mode", "passthrough", "-c:v", "png", path);
  const { stamps } = await takeAll(video(path));
  assert.deepEqual(
    stamps.map(({ timestampSeconds }) => Math.round(timestampSeconds * 10)),
    [0, 1, 2, 7, 8, 9],
  );
});

test("a picture of another size in the middle of a file comes in the first one's size", needs, async (t) => {
  const folder = scratch(t);
  const [first, second, both] = ["a.ts", "b.ts", "both.ts"].map((name) => join(folder, name)) as [string, string, string];
  ffmpeg(...testPicture("64x48"), "-frames:v", "10", "-c:v", "mpeg2video", first);
  ffmpeg(...testPicture("128x96"), "-frames:v", "10", "-c:v", "mpeg2video", "-output_ts_offset", "1", second);
  writeFileSync(both, Buffer.concat([readFileSync(first), readFileSync(second)]));
  const { info, stamps, events } = await takeAll(video(both));
  assert.equal(info.width, 64);
  assert.ok(stamps.length >= 18, `only ${stamps.length} pictures`); // the two at the seam are ffmpeg's own affair
  assert.equal(told(events, "restart", "size"), 1);
});

const BAD: readonly (readonly [string, (folder: string) => string, string, RegExp])[] = [
  ["a missing file", (folder) => join(folder, "none.mp4"), "SOURCE_NOT_FOUND", /none\.mp4" does not exist/],
  ["a folder", (folder) => folder, "SOURCE_INVALID", /is a folder/],
  ["an empty file", (folder) => written(folder, ""), "SOURCE_INVALID", /0 bytes/],
  ["a text", (folder) => written(folder, "no video\n".repeat(100)), "SOURCE_INVALID", /Invalid data/],
  ["a camera that is not there", () => "/dev/video987", "SOURCE_NOT_FOUND", /video987/],
  ["a closed port", () => "rtsp://user:secret@127.0.0.1:1/x", "SOURCE_NOT_FOUND", /^rtsp:\/\/127\.0\.0\.1:1\/x cannot be reached.*refused/],
];
for (const [what, make, code, pattern] of BAD) {
  test(`${what} is refused with a reason`, needs, async (t) => {
    const source = video(make(scratch(t)));
    await assert.rejects(source.open(), (error) => failsWith(code, pattern)(error) && !/secret/.test((error as Error).message));
    await source.close();
    assert.deepEqual(childrenNamed("ffmpeg"), []);
  });
}

function written(folder: string, text: string): string {
  const path = join(folder, "bad.mp4");
  writeFileSync(path, text);
  return path;
}

test("a sound without a picture is refused", needs, async (t) => {
  const path = join(scratch(t), "sound.wav");
  ffmpeg("-f", "lavfi", "-i", "sine", "-t", "0.1", path);
  await assert.rejects(video(path).open(), failsWith("SOURCE_INVALID", /no video stream/));
});

test("a video that is cut off gives what can be decoded, and says so", needs, async (t) => {
  const path = streamedClip(t);
  const whole = readFileSync(path);
  writeFileSync(path, whole.subarray(0, whole.length * 0.7));
  const { info, stamps, events } = await takeAll(video(path));
  assert.equal(info.frames, 60);
  assert.ok(stamps.length > 20 && stamps.length < 60, `${stamps.length} pictures`);
  assert.ok(told(events, "decode-error", "truncated") > 0);
  assert.equal(stamps.at(-1)!.index + 1, stamps.length + told(events, "dropped"), "a picture is neither handed out nor told");
});

test("flipped bits are counted, and the pictures around them come", needs, async (t) => {
  const path = streamedClip(t);
  const bytes = readFileSync(path);
  for (let at = Math.round(bytes.length * 0.3); at < bytes.length * 0.9; at += Math.round(bytes.length / 40)) bytes[at]! ^= 0xff;
  writeFileSync(path, bytes);
  const { stamps, events } = await takeAll(video(path));
  assert.ok(told(events, "decode-error") > 0);
  assert.equal(stamps.length + told(events, "dropped", "corrupt"), 60);
});

test("a file whose ffmpeg is killed goes on behind the last picture, without a gap", needs, async (t) => {
  const path = join(scratch(t), "long.mkv");
  ffmpeg(...testPicture("320x240", 25), "-frames:v", "100", "-c:v", "ffv1", "-g", "10", "-pix_fmt", "bgr0", path);
  const calm = await takeAll(video(path));
  const { stamps, pictures, events } = await takeAll(video(path), {
    onStamp: ({ index }) => {
      if (index === 7 || index === 40) for (const pid of childrenNamed("ffmpeg")) process.kill(pid, index === 7 ? "SIGKILL" : "SIGTERM");
    },
  });
  assert.equal(told(events, "restart", "killed"), 2);
  assert.equal(told(events, "up"), told(events, "down") + 1);
  assert.equal(told(events, "dropped"), 0);
  assert.deepEqual(
    stamps.map(({ index, timestampSeconds }) => [index, Math.round(timestampSeconds * 1000)]),
    calm.stamps.map(({ index }) => [index, index * 40]),
  );
  assert.ok(
    pictures.every((picture, i) => Buffer.from(picture).equals(calm.pictures[i]!)),
    "the pixels differ",
  );
});

test("a file whose ffmpeg stands still goes on after stallAfter", needs, async (t) => {
  const path = join(scratch(t), "long.mkv");
  ffmpeg(...testPicture("320x240", 25), "-frames:v", "60", "-c:v", "ffv1", "-pix_fmt", "bgr0", path);
  const { stamps, events } = await takeAll(new VideoSource({ kind: "video", input: path, stallAfter: "400ms" }), {
    onStamp: ({ index }) => {
      if (index === 7) for (const pid of childrenNamed("ffmpeg")) process.kill(pid, "SIGSTOP");
    },
  });
  assert.equal(told(events, "restart", "stalled"), 1);
  assert.deepEqual(
    stamps.map(({ index }) => index),
    Array.from({ length: 60 }, (_, i) => i),
  );
  assert.deepEqual(childrenNamed("ffmpeg"), []);
});

test("a file is given up when ffmpeg dies again and again", needs, async (t) => {
  const program = join(scratch(t), "ffmpeg");
  const path = losslessClip(t);
  // Gives pictures at the first start and dies at each later one.
  writeFileSync(program, `#!/bin/sh\nif [ -e "${program}.used" ]; then exit 3; fi\ntouch "${program}.used"\nffmpeg "$@" -frames:v 5; exit 3\n`, {
    mode: 0o755,
  });
  const source = new VideoSource({ kind: "video", input: path, ffmpeg: program });
  const events: SourceEvent[] = [];
  await source.open({ onEvent: (event) => events.push(event) });
  const picture = new Uint8Array(64 * 48 * 3);
  await assert.rejects(
    async () => {
      while ((await source.read(picture)) !== undefined);
    },
    failsWith("SOURCE_LOST", /given up after picture/),
  );
  assert.equal(told(events, "restart"), 3);
  await source.close();
});

const CRASHES: readonly (readonly [string, string, RegExp])[] = [
  ["is killed", "kill -KILL $$", /clip\.mkv was not opened: \S+ffmpeg was killed by SIGKILL\. Check/],
  [
    "crashes behind some words",
    'echo "free(): invalid pointer" >&2; kill -ABRT $$',
    /was killed by SIGABRT; its last lines: "free\(\): invalid pointer"\./,
  ],
  ["ends without a word", "exit 3", /ended with exit status 3 and did not say why\./],
];
for (const [what, script, pattern] of CRASHES) {
  test(`an ffmpeg that ${what} before the first picture is not taken for a bad video`, needs, async (t) => {
    const program = join(scratch(t), "ffmpeg");
    writeFileSync(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const source = new VideoSource({ kind: "video", input: losslessClip(t), ffmpeg: program });
    await assert.rejects(source.open(), failsWith("SOURCE_LOST", pattern));
  });
}

test("an ffmpeg that is killed for good in the middle is given up with the signal's name", needs, async (t) => {
  const program = join(scratch(t), "ffmpeg");
  writeFileSync(program, `#!/bin/sh\nif [ ! -e "${program}.used" ]; then touch "${program}.used"; ffmpeg "$@"; fi\nkill -SEGV $$\n`, {
    mode: 0o755,
  });
  const source = new VideoSource({ kind: "video", input: losslessClip(t), ffmpeg: program });
  await assert.rejects(takeAll(source), failsWith("SOURCE_LOST", /given up after picture 30: ffmpeg was killed by SIGSEGV/));
});

test("a server that never answers is given up after stallAfter", needs, async (t) => {
  const server = createServer(() => {}).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const source = new VideoSource({ kind: "video", input: `rtsp://eve:hidden@127.0.0.1:${port}/`, stallAfter: "300ms" });
  await assert.rejects(source.open(), failsWith("SOURCE_LOST", /^(?!.*hidden).*no picture for 0\.3 s/));
  assert.deepEqual(childrenNamed("ffmpeg"), []);
});

test("a named pipe into which nobody writes is given up, and close() ends the wait for it", needs, async (t) => {
  const path = join(scratch(t), "pipe");
  execFileSync("mkfifo", [path]);
  await assert.rejects(new VideoSource({ kind: "video", input: path, stallAfter: "300ms" }).open(), failsWith("SOURCE_LOST", /no picture/));
  const source = video(path);
  const opening = source.open();
  await eventually(() => childrenNamed("ffmpeg").length === 1, "the start of ffmpeg");
  await source.close();
  await assert.rejects(opening, InferometerError);
});

test("a live stream that ends is taken up again, later than before", needs, async () => {
  // Five pictures at each start, as a camera that loses its connection.
  const source = new VideoSource({ kind: "video", input: "testsrc2=size=64x48:rate=25:duration=0.2", live: true, inputOptions: ["-f", "lavfi"] });
  const { stamps, events } = await takeAll(source, { most: 12 });
  assert.deepEqual(
    stamps.map(({ index }) => index),
    Array.from({ length: 12 }, (_, i) => i),
  );
  assert.ok(told(events, "restart", "ended") >= 2);
  assert.ok(
    stamps.every(({ timestampSeconds }, i) => i === 0 || timestampSeconds > stamps[i - 1]!.timestampSeconds),
    "the time went back",
  );
});

test("a camera that falls silent is connected to anew", needs, async (t) => {
  const jpeg = ffmpeg(...testPicture(), "-frames:v", "1", "-f", "mjpeg", "pipe:1");
  let visits = 0;
  const camera = createHttpServer((request, response) => {
    if (request.headers.authorization !== `Basic ${Buffer.from("eve:hidden").toString("base64")}`) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="camera"' }).end();
      return;
    }
    visits++;
    response.writeHead(200, { "content-type": "multipart/x-mixed-replace;boundary=b" });
    for (let i = 0; i < 8; i++)
      response.write(
        Buffer.concat([Buffer.from(`--b\r\nContent-Type: image/jpeg\r\nContent-Length: ${jpeg.length}\r\n\r\n`), jpeg, Buffer.from("\r\n")]),
      );
  }).listen(0, "127.0.0.1");
  t.after(() => {
    camera.closeAllConnections();
    camera.close();
  });
  await once(camera, "listening");
  const { port } = camera.address() as { port: number };
  // An open multipart stream is read in blocks: ffmpeg may keep the last picture until more comes.
  const inputOptions = ["-probesize", "32", "-analyzeduration", "0"];
  const source = new VideoSource({ kind: "video", input: `http://eve:hidden@127.0.0.1:${port}/live`, stallAfter: "700ms", inputOptions });
  assert.deepEqual([source.name, source.live], [`http://127.0.0.1:${port}/live`, true]);
  const { stamps, events } = await takeAll(source, { most: 10 });
  assert.equal(stamps.length, 10);
  assert.ok(visits >= 2 && told(events, "restart", "stalled") >= 1);
  assert.ok(!JSON.stringify(events).includes("hidden"));
});

test("close() ends a read that waits, and ffmpeg with it", needs, async () => {
  const source = new VideoSource({ kind: "video", input: "testsrc2=size=64x48:rate=1", live: true, inputOptions: ["-re", "-f", "lavfi"] });
  await source.open();
  const picture = new Uint8Array(64 * 48 * 3);
  await source.read(picture);
  const waiting = source.read(picture);
  await source.close();
  assert.equal(await waiting, undefined);
  assert.equal(await source.read(picture), undefined);
  await source.close();
  assert.deepEqual(childrenNamed("ffmpeg"), []);
});

test("a missing ffmpeg is named, with the way to get it", async () => {
  const source = new VideoSource({ kind: "video", input: "x.mp4", ffmpeg: "/nowhere/ffmpeg" });
  await assert.rejects(source.open(), failsWith("PROGRAM_MISSING", /nowhere.*apt-get install ffmpeg/));
});
