import assert from "node:assert/strict";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { createDetector } from "@inferometer/vision";
import { lampDetector } from "./own-detector.ts";

const [width, height] = [16, 8];

for (const [pixelFormat, samples] of [
  ["rgb24", 3],
  ["gray8", 1],
] as const) {
  test(`the box is around what is bright, in ${pixelFormat}`, async () => {
    const data = new Uint8Array(width * height * samples).fill(100);
    const frame = { data, width, height, pixelFormat, index: 0, timestampSeconds: 0 };
    assert.deepEqual(await lampDetector().detect(frame), []);
    for (const [x, y] of [
      [3, 2],
      [6, 2],
      [3, 3],
    ] as const)
      data.fill(250, (y * width + x) * samples, (y * width + x + 1) * samples);
    const found = [{ box: { x: 3, y: 2, width: 4, height: 2 }, label: "lamp", confidence: 3 / 8 }];
    assert.deepEqual(await lampDetector().detect(frame), found);
    assert.deepEqual(await lampDetector({ brightness: 251 }).detect(frame), []);
    const loaded = await createDetector({ kind: "module", url: fileURLToPath(new URL("own-detector.js", import.meta.url)) });
    assert.equal(loaded.name, "lamps");
    assert.deepEqual(await loaded.detect(frame), found, "as the command loads it");
  });
}
