// From pixels to tracks through onnxruntime, with a model that was thought out and not trained: it has nine weights.
import assert from "node:assert/strict";
import test from "node:test";
import { TrackingEvaluator } from "../../tracking/evaluator.ts";
import { Tracker } from "../../tracking/tracker.ts";
import type { Frame, Truth } from "../../types.ts";
import { written } from "./models.test-kit.ts";
import { OnnxDetector } from "./onnx-detector.ts";
import { node, onnxModel, tensor } from "./onnx-writer.test-kit.ts";

const [WIDTH, HEIGHT, SIDE, STEP] = [320, 192, 32, 8];
const COLUMNS = (WIDTH - SIDE) / STEP + 1;
const ROWS = (HEIGHT - SIDE) / STEP + 1;
const NAMES = ["red", "green", "blue"] as const;

/**
 * Finds squares of 32 x 32 in pure red, green or blue. How much of its colour a pixel has is the colour less half of the two others; the mean
 * of that over each square of the size wanted, every 8 pixels, is the score, where no neighbour has a higher one.
 */
function squaresModel(): Uint8Array {
  const places = COLUMNS * ROWS;
  const boxes = new Float32Array(4 * places);
  for (let at = 0; at < places; at++) {
    const column = at % COLUMNS;
    boxes.set([column * STEP + SIDE / 2], at);
    boxes.set([((at - column) / COLUMNS) * STEP + SIDE / 2], places + at);
  }
  boxes.fill(SIDE, 2 * places);
  return onnxModel({
    nodes: [
      node("Conv", ["images", "opponents"], { to: "colour" }),
      node("Relu", ["colour"], { to: "pure" }),
      node("AveragePool", ["pure"], { to: "cells", attributes: { kernel_shape: [STEP, STEP], strides: [STEP, STEP] } }),
      node("AveragePool", ["cells"], { to: "squares", attributes: { kernel_shape: [SIDE / STEP, SIDE / STEP] } }),
      node("MaxPool", ["squares"], { to: "highest", attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1] } }),
      node("Equal", ["squares", "highest"], { to: "peak" }),
      node("Where", ["peak", "squares", "zero"], { to: "scores" }),
      node("Reshape", ["scores", "rows"], { to: "listed" }),
      node("Concat", ["boxes", "listed"], { to: "output0", attributes: { axis: 1 } }),
    ],
    tensors: [
      tensor("opponents", [3, 3, 1, 1], Float32Array.of(1, -0.5, -0.5, -0.5, 1, -0.5, -0.5, -0.5, 1)),
      tensor("zero", [1], Float32Array.of(0)),
      tensor("rows", [3], BigInt64Array.of(1n, 3n, BigInt(places))),
      tensor("boxes", [1, 4, places], boxes),
    ],
    inputs: [{ name: "images", dims: [1, 3, HEIGHT, WIDTH] }],
    outputs: [{ name: "output0", dims: [1, 7, places] }],
    metadata: { names: "{0: 'red', 1: 'green', 2: 'blue'}", task: "detect", stride: "8", imgsz: `[${HEIGHT}, ${WIDTH}]` },
  });
}

/** A red, a green and a blue square; the first two cross, the third comes after 20 frames. Grey ground with a pattern. */
function paint(index: number, factor: number): { frame: Frame; truths: Truth[] } {
  const [width, height] = [WIDTH * factor, HEIGHT * factor];
  const data = new Uint8Array(width * height * 3);
  for (let at = 0; at < data.length; at++) data[at] = 90 + 40 * ((Math.floor(at / 3) >> 4) & 1);
  const places = [
    { id: 1, x: 8 * (index % 30), y: 24, label: NAMES[0] },
    { id: 2, x: 232 - 8 * (index % 30), y: 64, label: NAMES[1] },
    ...(index < 20 ? [] : [{ id: 3, x: 120, y: 128, label: NAMES[2] }]),
  ];
  const truths = places.map(({ id, x, y, label }) => {
    const box = { x: x * factor, y: y * factor, width: SIDE * factor, height: SIDE * factor };
    const channel = NAMES.indexOf(label);
    for (let row = box.y; row < box.y + box.height; row++) {
      for (let column = box.x; column < box.x + box.width; column++)
        for (let other = 0; other < 3; other++) data[(row * width + column) * 3 + other] = other === channel ? 255 : 0;
    }
    return { id, box, label, visibleFraction: 1 };
  });
  return { frame: { data, width, height, pixelFormat: "rgb24", index, timestampSeconds: index / 30 }, truths };
}

for (const factor of [1, 2]) {
  test(`squares are found where they are, in frames ${factor === 1 ? "as large as the input" : "twice as large as the input"}`, async (t) => {
    const detector = new OnnxDetector({ model: written(t, squaresModel(), "squares.onnx"), confidence: 0.9 });
    t.after(() => detector.close());
    for (const index of [0, 7, 29]) {
      const { frame, truths } = paint(index, factor);
      const found = await detector.detect(frame);
      const byLabel = (a: { label: string }, b: { label: string }): number => a.label.localeCompare(b.label);
      assert.deepEqual(found.map(({ label, box }) => ({ label, box })).sort(byLabel), truths.map(({ label, box }) => ({ label, box })).sort(byLabel));
      for (const { confidence } of found) assert.ok(confidence > 0.999 && confidence <= 1, String(confidence));
    }
    assert.deepEqual([detector.name, detector.layout, detector.labels], ["squares", "yolov8", [...NAMES]]);
  });
}

test("model and tracker together follow every square without a mistake", async (t) => {
  const detector = new OnnxDetector({ model: written(t, squaresModel()), confidence: 0.9 });
  t.after(() => detector.close());
  const tracker = new Tracker({ frame: { width: WIDTH, height: HEIGHT } });
  const evaluator = new TrackingEvaluator();
  for (let index = 0; index < 30; index++) {
    const { frame, truths } = paint(index, 1);
    const { tracks } = tracker.update(await detector.detect(frame), frame);
    evaluator.add(truths, tracks);
  }
  const { mota, idSwitches, truths } = evaluator.scores();
  assert.equal(truths, 70);
  assert.equal(idSwitches, 0);
  assert.ok(mota >= 0.95, `MOTA ${mota}`);
});
