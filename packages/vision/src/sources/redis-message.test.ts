import assert from "node:assert/strict";
import test from "node:test";
import { convertPixels, readRedisPicture } from "./redis-message.ts";

const fields = (entries: Record<string, string | Uint8Array>): ReadonlyMap<string, Uint8Array> =>
  new Map(Object.entries(entries).map(([name, value]) => [name, typeof value === "string" ? Buffer.from(value) : value]));
const BGR = Uint8Array.from([1, 2, 3, 10, 20, 30]);
const raw = { format: "raw", width: "2", height: "1", channels: "3", dtype: "uint8", timestamp: "1700000000.25" };
const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2]);

test("base64 and bytes give the same picture", () => {
  const expected = { kind: "raw", bytes: [...BGR], width: 2, height: 1, channels: 3, epochSeconds: 1_700_000_000.25 };
  for (const image of [{ image: BGR }, { image_data: Buffer.from(BGR).toString("base64") }]) {
    const picture = readRedisPicture(fields({ ...raw, ...image }));
    assert.deepEqual({ ...picture, bytes: [...picture!.bytes] }, expected);
  }
});

test("compressed pictures are known by their format or their first bytes", () => {
  assert.equal(readRedisPicture(fields({ image: JPEG, format: "jpeg" }))?.kind, "compressed");
  assert.deepEqual(readRedisPicture(fields({ image: JPEG })), { kind: "compressed", bytes: JPEG, epochSeconds: undefined });
});

const CORRUPT: Readonly<Record<string, Record<string, string | Uint8Array>>> = {
  "no picture": { ...raw },
  "an empty picture": { ...raw, image: "" },
  "too few bytes": { ...raw, image: BGR.subarray(1) },
  "too many bytes": { ...raw, image: Buffer.concat([BGR, BGR]) },
  "no size": { format: "raw", image: BGR },
  "a size below zero": { ...raw, width: "-2", height: "-1", image: BGR },
  "two channels": { ...raw, width: "3", channels: "2", image: BGR },
  floats: { ...raw, dtype: "float32", image: BGR },
  "a format of its own": { ...raw, format: "h264", image: BGR },
  "a JPEG that is none": { format: "jpeg", image: "junk" },
};
for (const [what, entries] of Object.entries(CORRUPT)) {
  test(`${what} gives no picture`, () => assert.equal(readRedisPicture(fields(entries)), undefined));
}

test("pixels are turned to red first and to grey", () => {
  const convert = (bytes: Uint8Array, channels: 1 | 3, pixelFormat: "rgb24" | "gray8", order: "bgr" | "rgb"): number[] => {
    const into = new Uint8Array((bytes.length / channels) * (pixelFormat === "rgb24" ? 3 : 1));
    convertPixels({ bytes, channels }, { into, pixelFormat, order });
    return [...into];
  };
  assert.deepEqual(convert(BGR, 3, "rgb24", "bgr"), [3, 2, 1, 30, 20, 10]);
  assert.deepEqual(convert(BGR, 3, "rgb24", "rgb"), [...BGR]);
  assert.deepEqual(convert(Uint8Array.of(0, 0, 255, 255, 0, 0), 3, "gray8", "bgr"), [77, 29]);
  assert.deepEqual(convert(Uint8Array.of(0, 0, 255, 255, 0, 0), 3, "gray8", "rgb"), [29, 77]);
  assert.deepEqual(convert(Uint8Array.of(5, 6), 1, "rgb24", "bgr"), [5, 5, 5, 6, 6, 6]);
  assert.deepEqual(convert(Uint8Array.of(5, 6), 1, "gray8", "bgr"), [5, 6]);
});
