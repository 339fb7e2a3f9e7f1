// What --output draws is looked at in the pixels of the video that comes out.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { unlessMissing, whereIs } from "../../tools/programs.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const ffmpeg = whereIs("ffmpeg");
const video = whereIs("vtest.avi");
const FRAMES = 40;
const WIDTH = 768;
const HEIGHT = 576;

interface Line {
  readonly index: number;
  readonly tracks: readonly { readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number } }[];
}

const run = (...args: string[]): Buffer => execFileSync(ffmpeg!, ["-v", "error", "-nostdin", ...args], { maxBuffer: 1 << 28 });
const picturesOf = (file: string): Buffer => run("-i", file, "-f", "rawvideo", "-pix_fmt", "rgb24", "-");

/** Marks the sides of the boxes in a picture. */
function outlines({ tracks }: Line): Uint8Array {
  const marks = new Uint8Array(WIDTH * HEIGHT);
  const clip = (value: number, most: number): number => Math.max(0, Math.min(most - 1, Math.round(value)));
  for (const { box } of tracks) {
    const [left, right] = [clip(box.x, WIDTH), clip(box.x + box.width - 1, WIDTH)];
    const [top, bottom] = [clip(box.y, HEIGHT), clip(box.y + box.height - 1, HEIGHT)];
    for (let x = left; x <= right; x++) marks[top * WIDTH + x] = marks[bottom * WIDTH + x] = 1;
    for (let y = top; y <= bottom; y++) marks[y * WIDTH + left] = marks[y * WIDTH + right] = 1;
  }
  return marks;
}

/** Pixels that every box and its label are clear of. */
function farFrom({ tracks }: Line): (x: number, y: number) => boolean {
  const margin = 40;
  return (x, y) =>
    tracks.every(({ box }) => x < box.x - margin || x > box.x + box.width + 5 * margin || y < box.y - margin || y > box.y + box.height + margin);
}

test("the annotated video has every frame, boxes where something was found, and the source everywhere else", {
  ...unlessMissing("ffmpeg", "vtest.avi"),
}, (t) => {
  const folder = mkdtempSync(join(tmpdir(), "annotated-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [clip, seen, jsonl] = [join(folder, "clip.avi"), join(folder, "seen.mp4"), join(folder, "out.jsonl")];
  run("-ss", "20", "-i", video!, "-frames:v", String(FRAMES), "-c", "copy", clip);
  const before = picturesOf(clip);
  const frames = before.length / (WIDTH * HEIGHT * 3);
  assert.ok(frames >= FRAMES - 1, `${frames} frames in the clip`);

  const words = ["detect", clip, "--output", seen, "--jsonl", jsonl, "--quiet", "--ffmpeg", ffmpeg!];
  execFileSync(process.execPath, [join(root, "packages/cli/bin/inferometer.js"), ...words], { stdio: ["ignore", "ignore", "inherit"] });
  const after = picturesOf(seen);
  assert.equal(after.length, before.length, "as many frames, of the same size");

  const lines = readFileSync(jsonl, "utf8").trimEnd().split("\n");
  assert.equal(lines.length, frames);
  const drawn = { pixels: 0, difference: 0 };
  const elsewhere = { pixels: 0, difference: 0 };
  for (const line of lines.map((text) => JSON.parse(text) as Line)) {
    const marks = outlines(line);
    const far = farFrom(line);
    for (let at = 0; at < marks.length; at++) {
      const kind = marks[at] === 1 ? drawn : at % 7 === 0 && far(at % WIDTH, Math.floor(at / WIDTH)) ? elsewhere : undefined;
      if (kind === undefined) continue;
      const byte = (line.index * WIDTH * HEIGHT + at) * 3;
      kind.pixels++;
      for (let channel = 0; channel < 3; channel++) kind.difference += Math.abs(after[byte + channel]! - before[byte + channel]!) / 3;
    }
  }
  assert.ok(drawn.pixels > 10_000 && elsewhere.pixels > 100_000, JSON.stringify({ drawn, elsewhere }));
  const [onBoxes, outside] = [drawn.difference / drawn.pixels, elsewhere.difference / elsewhere.pixels];
  assert.ok(outside < 6, `encoding alone changes a pixel by ${outside} of 255`);
  assert.ok(onBoxes > 40, `a box changes its pixels by ${onBoxes} of 255`);
  t.diagnostic(`${frames} frames; on boxes ${onBoxes.toFixed(1)}, elsewhere ${outside.toFixed(1)} of 255`);
});
