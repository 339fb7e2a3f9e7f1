import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { InferometerError } from "@inferometer/metrics";
import { unlessMissing } from "../../../../tools/programs.mjs";
import { ImagesSource } from "./images-source.ts";
import { codecOf } from "./picture-decoder.ts";
import { childrenNamed, ffmpeg, scratch, takeAll, testPicture, told } from "./sources.test-kit.ts";

const needs = unlessMissing("ffmpeg");
const images = (folder: string): ImagesSource => new ImagesSource({ kind: "images", folder, framesPerSecond: 10 });
const failsWith = (code: string, pattern: RegExp) => (error: unknown) =>
  error instanceof InferometerError && error.code === code && pattern.test(error.message);

/** Picture `at` of the moving test picture, as a file. */
function picture(folder: string, name: string, at: number, size = "64x48"): void {
  ffmpeg(...testPicture(size), "-vf", `select=eq(n\\,${at})`, "-frames:v", "1", join(folder, name));
}

function truth(at: number): Buffer {
  return ffmpeg(...testPicture(), "-vf", `select=eq(n\\,${at})`, "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1");
}

test("an ffmpeg that crashes is not taken for bad pictures", needs, async (t) => {
  const folder = scratch(t);
  picture(folder, "1.jpg", 1);
  const program = join(folder, "ffmpeg");
  writeFileSync(program, "#!/bin/sh\nkill -SEGV $$\n", { mode: 0o755 });
  const source = new ImagesSource({ kind: "images", folder, ffmpeg: program });
  await assert.rejects(source.open(), failsWith("SOURCE_LOST", /was decoded: ffmpeg was killed by SIGSEGV/));
});

test("the pictures of a folder come in natural order, whatever their kind", needs, async (t) => {
  const folder = scratch(t);
  for (const [name, at] of [
    ["2.png", 2],
    ["10.bmp", 10],
    ["1.PNG", 1],
    ["9.webp", 9],
    ["3.jpg", 3],
  ] as const)
    picture(folder, name, at);
  writeFileSync(join(folder, "notes.txt"), "no picture");
  mkdirSync(join(folder, "11.png"));
  const { info, stamps, pictures, events } = await takeAll(images(folder));
  assert.deepEqual(info, { width: 64, height: 48, pixelFormat: "rgb24", framesPerSecond: 10, frames: 5 });
  assert.deepEqual(
    stamps,
    [0, 1, 2, 3, 4].map((index) => ({ index, timestampSeconds: index / 10 })),
  );
  assert.deepEqual(events, [{ kind: "up" }]);
  for (const [at, number] of [
    [0, 1],
    [1, 2],
    [4, 10],
  ] as const)
    assert.ok(truth(number).equals(pictures[at]!), `picture ${number} differs`);
  for (const [at, number] of [
    [2, 3],
    [3, 9],
  ] as const)
    assert.ok(distance(truth(number), pictures[at]!) < 12, `picture ${number} is another`);
  assert.deepEqual(childrenNamed("ffmpeg"), []);
});

/** Mean difference a byte: JPEG and WebP lose a little, and two of the test pictures differ by more. */
function distance(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0) / a.length;
}

test("every picture has the size of the first, or the one asked for", needs, async (t) => {
  const folder = scratch(t);
  picture(folder, "1.png", 0, "64x48");
  picture(folder, "2.png", 0, "200x100");
  const first = await takeAll(images(folder));
  assert.deepEqual(
    first.pictures.map(({ length }) => length),
    [64 * 48 * 3, 64 * 48 * 3],
  );
  const asked = await takeAll(images(folder), { width: 32, pixelFormat: "gray8" });
  assert.deepEqual([asked.info.width, asked.info.height, asked.stamps.length], [32, 24, 2]);
});

test("unreadable pictures are counted as corrupt, and no other takes their place", needs, async (t) => {
  const folder = scratch(t);
  for (const at of [2, 5, 8]) picture(folder, `${at}.png`, at);
  const whole = readFileSync(join(folder, "2.png"));
  writeFileSync(join(folder, "1.png"), "no picture at all");
  writeFileSync(join(folder, "3.png"), whole.subarray(0, 300));
  writeFileSync(join(folder, "4.png"), "");
  writeFileSync(join(folder, "6.jpg"), Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(500, 7)]));
  const { info, stamps, pictures, events } = await takeAll(images(folder));
  assert.equal(info.frames, 7);
  assert.deepEqual(
    stamps.map(({ index }) => index),
    [1, 4, 6],
  );
  for (const [at, number] of [2, 5, 8].entries()) assert.ok(truth(number).equals(pictures[at]!), `picture ${number} differs`);
  assert.equal(told(events, "dropped", "corrupt"), 4);
});

test("a folder without pictures, with broken ones only, a file and a missing folder are refused", needs, async (t) => {
  const [empty, broken] = [scratch(t), scratch(t)];
  writeFileSync(join(empty, "readme.txt"), "");
  writeFileSync(join(broken, "1.png"), "broken");
  await assert.rejects(images(empty).open(), failsWith("SOURCE_INVALID", /holds no pictures: 1 entries/));
  await assert.rejects(images(broken).open(), failsWith("SOURCE_INVALID", /None of the 1 pictures/));
  await assert.rejects(images(join(broken, "1.png")).open(), failsWith("SOURCE_INVALID", /not a folder/));
  await assert.rejects(images(join(broken, "none")).open(), failsWith("SOURCE_NOT_FOUND", /does not exist/));
});

test("kinds are told by the first bytes", () => {
  assert.equal(codecOf(Buffer.from("RIFF1234WEBPVP8 ")), "webp");
  assert.equal(codecOf(Buffer.from("RIFF1234WAVEfmt ")), undefined);
  assert.equal(codecOf(Buffer.alloc(0)), undefined);
});
