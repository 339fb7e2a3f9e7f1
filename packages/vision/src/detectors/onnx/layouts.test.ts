import assert from "node:assert/strict";
import test from "node:test";
import type { Detection } from "../../types.ts";
import { toHalf } from "./half-float.ts";
import type { LayoutName } from "./layout.ts";
import { type Answer, constantModel, frame, INPUT, rounded, rows, turned, written } from "./models.test-kit.ts";
import { OnnxDetector, type OnnxOptions } from "./onnx-detector.ts";
import type { Value } from "./onnx-writer.test-kit.ts";

// Every model below says the same: in its input of 64 x 64, a "cat" of 16 x 8 around (32, 32), sure by 0.75, and a "dog" of 8 x 8 around
// (4, 20), sure by 0.5; and something that is too unsure to count. The frame has 128 x 64 pixels.
const [CAT, DOG] = [[32, 32, 16, 8] as const, [4, 20, 8, 8] as const];
const LETTERBOXED: Detection[] = [
  { box: { x: 48, y: 24, width: 32, height: 16 }, label: "cat", confidence: 0.75 },
  { box: { x: 0, y: 0, width: 16, height: 16 }, label: "dog", confidence: 0.5 },
];
// YOLOX has its picture in the upper left corner.
const IN_CORNER: Detection[] = [
  { box: { x: 48, y: 56, width: 32, height: 8 }, label: "cat", confidence: 0.75 },
  { box: { x: 0, y: 32, width: 16, height: 16 }, label: "dog", confidence: 0.5 },
];
const STRETCHED: Detection[] = [
  { box: { x: 48, y: 28, width: 32, height: 8 }, label: "cat", confidence: 0.75 },
  { box: { x: 0, y: 16, width: 16, height: 8 }, label: "dog", confidence: 0.5 },
];
const corners = ([x, y, width, height]: readonly [number, number, number, number]): number[] => [
  x - width / 2,
  y - height / 2,
  x + width / 2,
  y + height / 2,
];
const shares = (box: readonly number[]): number[] => box.map((value) => value / 64);
const [SURE, HALF, UNSURE] = [Math.log(3), 0, -5]; // logits of 0.75, 0.5 and nearly 0

const v8 = rows(84, 6, { 3: [...CAT, 0.75, 0.1], 4: [...CAT, 0.7, 0], 80: [...DOG, 0.1, 0.5], 81: [...DOG, 0.2, 0.1] });
const queries = (names: readonly [string, string], logits: Float32Array, width: number): Answer[] => [
  { name: names[0], dims: [1, 4, width], data: logits },
  { name: names[1], dims: [1, 4, 4], data: rows(4, 4, { 0: shares(CAT), 1: shares(DOG), 2: [0.5, 0.5, 0.1, 0.1] }) },
];
const boxes: Answer[] = [
  { name: "labels", dims: [1, 3], data: BigInt64Array.from([0n, 1n, 0n]) },
  { name: "boxes", dims: [1, 3, 4], data: rows(3, 4, { 0: corners(CAT), 1: corners(DOG) }) },
  { name: "scores", dims: [1, 3], data: Float32Array.from([0.75, 0.5, 0.1]) },
];
const SIZES: Value = { name: "orig_target_sizes", dims: [1, 2], type: "int64" };
const ULTRALYTICS = { names: "{0: 'cat', 1: 'dog'}", task: "detect" };

interface Case {
  readonly layout: LayoutName;
  readonly title: string;
  readonly answers: readonly Answer[];
  readonly expected: readonly Detection[];
  readonly inputs?: readonly Value[];
  readonly metadata?: Readonly<Record<string, string>>;
  readonly options?: Partial<OnnxOptions>;
}

const one = (dims: readonly number[], data: Float32Array | Uint16Array): Answer[] => [{ name: "output0", dims, data }];
const cases: readonly Case[] = [
  { layout: "yolov8", title: "YOLOv8", answers: one([1, 6, 84], turned(v8, 6)), expected: LETTERBOXED },
  { layout: "yolov8", title: "YOLOv8 in half precision", answers: one([1, 6, 84], Uint16Array.from(turned(v8, 6), toHalf)), expected: LETTERBOXED },
  { layout: "yolov8", title: "YOLOv8 turned over, known by its labels", answers: one([1, 84, 6], v8), expected: LETTERBOXED },
  {
    layout: "yolov8",
    title: "YOLOv8 that also makes masks",
    answers: [
      {
        name: "output0",
        dims: [1, 6 + 32, 84],
        data: turned(rows(84, 38, { 3: [...CAT, 0.75, 0.1, ...Array(32).fill(9)], 80: [...DOG, 0, 0.5] }), 38),
      },
      { name: "output1", dims: [1, 32, 16, 16], data: new Float32Array(32 * 256) },
    ],
    expected: LETTERBOXED,
    metadata: { ...ULTRALYTICS, task: "segment" },
    options: { labels: undefined as never },
  },
  {
    layout: "yolov5",
    title: "YOLOv5",
    answers: one(
      [1, 252, 7],
      rows(252, 7, { 0: [...CAT, 1, 0.75, 0.1], 9: [...CAT, 0.9, 0.6, 0], 99: [...DOG, 0.625, 0, 0.8], 100: [...DOG, 0.2, 1, 1] }),
    ),
    expected: LETTERBOXED,
  },
  {
    layout: "yolox",
    title: "YOLOX",
    answers: one(
      [1, 84, 7],
      rows(84, 7, { 69: [1, 1, 0, Math.log(0.5), 1, 0.75, 0.1], 16: [0.5, 0.5, 0, 0, 0.5, 0, 1], 3: [0, 0, 0, 0, 0.1, 1, 1] }),
    ),
    expected: IN_CORNER,
  },
  {
    layout: "end2end",
    title: "YOLOv10",
    answers: one([1, 300, 6], rows(300, 6, { 0: [...corners(CAT), 0.75, 0], 1: [...corners(DOG), 0.5, 1], 2: [...corners(CAT), 0.2, 1] })),
    expected: LETTERBOXED,
  },
  {
    layout: "yolov7-nms",
    title: "YOLOv7 with its suppression inside",
    answers: one([3, 7], rows(3, 7, { 0: [0, ...corners(CAT), 0, 0.75], 1: [0, ...corners(DOG), 1, 0.5], 2: [1, ...corners(CAT), 1, 0.9] })),
    expected: LETTERBOXED,
  },
  {
    layout: "rtdetr",
    title: "RT-DETR by Ultralytics, known by its description",
    answers: one([1, 300, 6], rows(300, 6, { 0: [...shares(CAT), 0.75, 0.1], 299: [...shares(DOG), 0.2, 0.5] })),
    expected: STRETCHED,
    metadata: { ...ULTRALYTICS, description: "Ultralytics RT-DETR-l model" },
  },
  {
    layout: "rtdetr",
    title: "RT-DETR by Ultralytics, known by its shape",
    answers: one([1, 300, 7], rows(300, 7, { 0: [...shares(CAT), 0.75, 0.1, 0], 1: [...shares(DOG), 0.2, 0.5, 0] })),
    expected: STRETCHED,
    options: { labels: ["cat", "dog", "cow"] },
  },
  { layout: "rtdetr-boxes", title: "RT-DETR by its own exporter", answers: boxes, expected: STRETCHED, inputs: [INPUT, SIZES] },
  {
    layout: "rtdetr-hf",
    title: "RT-DETR of Hugging Face",
    answers: queries(["logits", "pred_boxes"], Float32Array.from([SURE, UNSURE, UNSURE, HALF, UNSURE, UNSURE, -9, -9]), 2),
    expected: STRETCHED,
  },
  {
    layout: "detr",
    title: "DETR, whose last class is nothing",
    answers: queries(["logits", "pred_boxes"], Float32Array.from([SURE, -99, 0, -99, HALF, 0, 0, 0, 99, 0, 1000, 1002]), 3),
    expected: STRETCHED,
  },
  {
    layout: "rf-detr",
    title: "RF-DETR, trained further, with a class to spare",
    answers: queries(["labels", "dets"], Float32Array.from([SURE, UNSURE, UNSURE, UNSURE, HALF, UNSURE, -9, -9, -9, -9, -9, -9]), 3),
    expected: STRETCHED,
  },
];

for (const { layout, title, answers, expected, inputs = [INPUT], metadata = {}, options = {} } of cases) {
  test(`${title} is recognised, and its boxes come in pixels of the frame`, async (t) => {
    const model = written(t, constantModel(answers, { inputs, metadata }));
    const detector = new OnnxDetector({ model, ...("labels" in options ? options : { labels: ["cat", "dog"] }) });
    t.after(() => detector.close());
    const found = await detector.detect(frame());
    assert.equal(detector.layout, layout);
    assert.deepEqual(rounded(found), expected);
  });
}

const refusals: readonly (readonly [string, readonly Answer[], Partial<OnnxOptions>, RegExp])[] = [
  [
    "five dimensions",
    one([1, 3, 8, 8, 7], new Float32Array(1344)),
    {},
    /outputs for 64 x 64 pixels are output0 \[1, 3, 8, 8, 7\], which no known layout has\. Known are\n {2}yolov5: \[1, N, 5 \+ C\]/,
  ],
  ["one dimension", one([10], new Float32Array(10)), {}, /output0 \[10\], which no known layout has/],
  ["no room for classes", one([1, 4, 84], new Float32Array(336)), {}, /output0 \[1, 4, 84\]/],
  ["another layout than is asked for", one([1, 6, 84], new Float32Array(504)), { layout: "detr" }, /which the layout "detr" does not have/],
];
for (const [title, answers, options, message] of refusals) {
  test(`a model with ${title} is refused, and the message says what was seen and what is known`, async (t) => {
    const detector = new OnnxDetector({ model: written(t, constantModel(answers)), ...options });
    await assert.rejects(detector.open(), { code: "MODEL_INVALID", message });
  });
}

test("a model that turns its boxes is refused by its task", async (t) => {
  const model = written(t, constantModel(one([1, 7, 84], new Float32Array(588)), { metadata: { ...ULTRALYTICS, task: "obb" } }));
  await assert.rejects(new OnnxDetector({ model }).open(), { code: "MODEL_INVALID", message: /task is "obb"\. Give one for "detect"/ });
});

const broken: readonly (readonly [string, readonly Answer[], RegExp])[] = [
  ["a score that is not a number", one([1, 6, 84], turned(rows(84, 6, { 3: [...CAT, Number.NaN, 0] }), 6)), /score of NaN.*float32 export/],
  [
    "a box that is not a number",
    one([1, 6, 84], turned(rows(84, 6, { 3: [32, Number.NaN, 16, 8, 0.9, 0] }), 6)),
    /score of 0\.9\d* for the box \(24, NaN, 40, NaN\)/,
  ],
  ["a score above 1", one([1, 6, 84], turned(rows(84, 6, { 3: [...CAT, 7, 0] }), 6)), /score of 7 .*set `layout`/],
  ["an infinite box", one([1, 84, 7], rows(84, 7, { 69: [1, 1, 800, 0, 1, 1, 0] })), /for the box \(-Infinity/],
  ["an objectness that is not a number", one([1, 252, 7], rows(252, 7, { 3: [...CAT, Number.NaN, 1, 1] })), /score of NaN/],
  ["logits that are not numbers", queries(["logits", "pred_boxes"], new Float32Array(8).fill(Number.NaN), 2), /score of NaN/],
  ["a class that is not a whole number", one([1, 300, 6], rows(300, 6, { 0: [...corners(CAT), 0.75, 0.5] })), /class 0\.5; 2 labels are known/],
  ["a class that has no label", one([1, 300, 6], rows(300, 6, { 0: [...corners(CAT), 0.75, 17] })), /class 17; 2 labels are known/],
];
for (const [title, answers, message] of broken) {
  test(`${title} is an error, not a frame without detections`, async (t) => {
    const detector = new OnnxDetector({ model: written(t, constantModel(answers)), labels: ["cat", "dog"] });
    t.after(() => detector.close());
    await detector.open();
    await assert.rejects(detector.detect(frame()), { code: "DETECTOR_FAILED", message });
    await assert.rejects(detector.detect(frame()), { code: "DETECTOR_FAILED" }, "the next frame is judged anew");
  });
}

test("outputs without a box are frames without detections", async (t) => {
  for (const answers of [one([1, 0, 6], new Float32Array(0)), one([0, 7], new Float32Array(0)), one([1, 6, 84], new Float32Array(504))]) {
    const detector = new OnnxDetector({ model: written(t, constantModel(answers)) });
    t.after(() => detector.close());
    assert.deepEqual(await detector.detect(frame()), []);
  }
});
