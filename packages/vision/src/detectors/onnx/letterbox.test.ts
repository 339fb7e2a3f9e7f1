import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import type { Frame, PixelFormat } from "../../types.ts";
import { loadOpenCv, resizedByOpenCv } from "../opencv.test-kit.ts";
import { randomAt } from "../picture.test-kit.ts";
import { toHalf } from "./half-float.ts";
import { LETTERBOXED, NORMALISED, STRETCHED, YOLOX_STYLE } from "./layout.ts";
import { Letterbox, type PictureInput, type Preparation } from "./letterbox.ts";

const picture = (width: number, height: number, data: readonly number[] | Uint8Array, pixelFormat: PixelFormat = "gray8"): Frame => ({
  data: Uint8Array.from(data),
  ...{ width, height, pixelFormat, index: 0, timestampSeconds: 0 },
});
const input = (width: number, height: number, other: Partial<PictureInput> = {}): PictureInput => ({
  width,
  height,
  order: "nchw",
  type: "uint8",
  ...other,
});
const bytes: Preparation = { ...LETTERBOXED, range: 255 };
const stretchedBytes: Preparation = { ...STRETCHED, range: 255 };

/** One frame into a fresh input. */
function put(frame: Frame, to: PictureInput, preparation: Preparation): number[] {
  const letterbox = new Letterbox(to, preparation);
  const buffer = letterbox.buffer(1);
  letterbox.write(frame, buffer, { slot: 0 });
  return [...buffer];
}

test("a wide picture lies in the middle, with grey above and below", () => {
  const plane = [114, 114, 114, 114, 1, 2, 3, 4, 5, 6, 7, 8, 114, 114, 114, 114];
  assert.deepEqual(put(picture(4, 2, [1, 2, 3, 4, 5, 6, 7, 8]), input(4, 4), bytes), [...plane, ...plane, ...plane]);
});

test("of an odd rest the larger half goes below and to the right", () => {
  assert.deepEqual(put(picture(1, 2, [10, 20]), input(4, 2), bytes).slice(0, 8), [114, 10, 114, 114, 114, 20, 114, 114]);
});

test("YOLOX has the picture in the corner, blue first, 0 to 255", () => {
  const red = picture(2, 1, [250, 60, 10, 251, 61, 11], "rgb24");
  assert.deepEqual(put(red, input(2, 2, { type: "float32" }), YOLOX_STYLE), [10, 11, 114, 114, 60, 61, 114, 114, 250, 251, 114, 114]);
});

test("colours become planes, or stay side by side", () => {
  const two = picture(2, 1, [1, 2, 3, 4, 5, 6], "rgb24");
  assert.deepEqual(put(two, input(2, 1), bytes), [1, 4, 2, 5, 3, 6]);
  assert.deepEqual(put(two, input(2, 1, { order: "nhwc" }), bytes), [1, 2, 3, 4, 5, 6]);
});

test("enlarged pixels blend by the distance of their centres, and the edges are kept", () => {
  assert.deepEqual(put(picture(2, 1, [0, 200]), input(4, 1), stretchedBytes).slice(0, 4), [0, 50, 150, 200]);
  assert.deepEqual(put(picture(2, 2, [0, 100, 200, 100]), input(4, 4), stretchedBytes).slice(0, 16), [
    ...[0, 25, 75, 100],
    ...[50, 63, 88, 100], // 62.5 and 87.5 are rounded up
    ...[150, 138, 113, 100],
    ...[200, 175, 125, 100],
  ]);
});

test("shrunken pixels are taken between the two nearest, as the models were trained", () => {
  assert.deepEqual(put(picture(4, 1, [0, 100, 200, 50]), input(2, 1), stretchedBytes).slice(0, 2), [50, 125]);
  assert.deepEqual(put(picture(6, 1, [0, 100, 0, 0, 40, 0]), input(2, 1), stretchedBytes).slice(0, 2), [100, 40]);
});

test("range, mean and deviation make the numbers, in single and in half precision", () => {
  const expected = [(255 / 255 - 0.485) / 0.229, (51 / 255 - 0.456) / 0.224, (0 - 0.406) / 0.225];
  const pixel = picture(1, 1, [255, 51, 0], "rgb24");
  assert.deepEqual(put(pixel, input(1, 1, { type: "float32" }), NORMALISED), expected.map(Math.fround));
  assert.deepEqual(put(pixel, input(1, 1, { type: "float16" }), NORMALISED), expected.map(toHalf));
  assert.deepEqual(put(pixel, input(1, 1, { type: "float32" }), LETTERBOXED), [1, Math.fround(0.2), 0]);
});

test("the placement leads back from the input to the frame, and each slot has its own", () => {
  const letterbox = new Letterbox(input(8, 8), bytes);
  const buffer = letterbox.buffer(2);
  assert.deepEqual(letterbox.write(picture(16, 8, new Uint8Array(128).fill(9)), buffer, { slot: 1 }), {
    ...{ scaleX: 0.5, scaleY: 0.5, left: 0, top: 2, width: 8, height: 4 },
  });
  assert.deepEqual([...buffer.subarray(0, 192)], Array(192).fill(114), "slot 0 is untouched");
  assert.deepEqual([...buffer.subarray(192, 256)], [...Array(16).fill(114), ...Array(32).fill(9), ...Array(16).fill(114)]);
});

test("a frame of another size leaves nothing of the one before", () => {
  const letterbox = new Letterbox(input(4, 4), bytes);
  const buffer = letterbox.buffer(1);
  const wide = picture(4, 2, new Uint8Array(8).fill(1));
  const high = picture(2, 4, new Uint8Array(8).fill(2));
  const middle = [114, 2, 2, 114];
  let before = letterbox.write(wide, buffer, { slot: 0 });
  before = letterbox.write(high, buffer, { slot: 0, before });
  assert.deepEqual([...buffer.subarray(0, 16)], [...middle, ...middle, ...middle, ...middle]);
  letterbox.write(wide, buffer, { slot: 0, before });
  assert.deepEqual([...buffer.subarray(0, 16)], [...Array(4).fill(114), ...Array(8).fill(1), ...Array(4).fill(114)]);
});

test("whatever the sizes, one colour stays one colour and the picture touches two opposite sides", () => {
  const side = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(side, side, side, side, (width, height, toWidth, toHeight) => {
      const letterbox = new Letterbox(input(toWidth, toHeight), bytes);
      const buffer = letterbox.buffer(1);
      const place = letterbox.write(picture(width, height, new Uint8Array(width * height).fill(77)), buffer, { slot: 0 });
      assert.ok(place.width === toWidth || place.height === toHeight);
      assert.ok(place.left >= 0 && place.top >= 0 && place.left + place.width <= toWidth && place.top + place.height <= toHeight);
      assert.equal(buffer.filter((value) => value === 77).length, 3 * place.width * place.height);
      assert.equal(buffer.filter((value) => value === 114).length, 3 * (toWidth * toHeight - place.width * place.height));
    }),
    { numRuns: 200 },
  );
});

test("resized pictures are those of OpenCV, to one grey level", async (t) => {
  const found = await loadOpenCv();
  if (found === undefined) return t.skip("@techstark/opencv-js is not installed");
  for (const [width, height, toWidth, toHeight] of [
    ...[[97, 61, 64, 64] as const, [64, 64, 97, 61] as const, [50, 40, 50, 20] as const, [31, 17, 124, 68] as const],
  ]) {
    const data = Uint8Array.from({ length: width * height * 3 }, (_, at) => 255 * randomAt(at, width, height));
    const expected = resizedByOpenCv(found.cv, { data, width, height, toWidth, toHeight });
    const ours = put(picture(width, height, data, "rgb24"), input(toWidth, toHeight, { order: "nhwc" }), stretchedBytes);
    assert.equal(expected.length, ours.length);
    const worst = expected.reduce((most, value, at) => Math.max(most, Math.abs(value - ours[at]!)), 0);
    assert.ok(worst <= 1, `${width} x ${height} to ${toWidth} x ${toHeight}: ${worst} levels apart`);
  }
});
