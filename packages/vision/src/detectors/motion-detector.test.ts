import assert from "node:assert/strict";
import test from "node:test";
import { iou } from "../boxes.ts";
import { type SyntheticOptions, SyntheticScene } from "../sources/synthetic-scene.ts";
import type { Detection, DetectorStage, Frame, Truth } from "../types.ts";
import { MotionDetector, type MotionOptions } from "./motion-detector.ts";

function watch(
  options: SyntheticOptions,
  { motion = {}, frames }: { motion?: MotionOptions; frames: number },
): { truths: Truth[]; found: readonly Detection[] }[] {
  const scene = new SyntheticScene({ crossEverySeconds: 0, emptySeconds: 1, ...options });
  const detector = new MotionDetector(motion);
  const data = new Uint8Array(scene.frameBytes);
  return Array.from({ length: frames }, (_, index) => {
    const truths = scene.render(index, data);
    return { truths, found: detector.detect({ ...scene.info, data, index, timestampSeconds: scene.timestampSeconds(index) }) };
  });
}

const cases: readonly (readonly [string, SyntheticOptions, MotionOptions])[] = [
  ["in colour", {}, {}],
  ["in grey", { pixelFormat: "gray8" }, {}],
  ["comparing colours", {}, { colour: true }],
  ["at every pixel", { width: 320, height: 180 }, {}],
  ["under strong noise", { noise: 12 }, {}],
  ["before a camera that shakes", { shake: 1 }, {}],
  ["in frames that are no multiple of the factor", { width: 701, height: 395 }, {}],
];
for (const [name, scene, motion] of cases) {
  test(`finds everything that walks alone, ${name}, and nothing else`, () => {
    const later = watch(scene, { motion, frames: 300 }).slice(30);
    const whole = later.flatMap(({ truths, found }) =>
      truths.filter(({ visibleFraction }) => visibleFraction > 0.9).map((truth) => ({ truth, found })),
    );
    const hits = whole.filter(({ truth, found }) => found.some(({ box }) => iou(box, truth.box) > 0.7));
    assert.ok(whole.length > 200);
    assert.ok(hits.length > 0.98 * whole.length, `${hits.length} of ${whole.length} were found`);
    const wrong = later.flatMap(({ truths, found }) => found.filter(({ box }) => !truths.some((truth) => iou(box, truth.box) > 0.4)));
    assert.ok(wrong.length < 0.01 * whole.length, `${wrong.length} boxes where nothing was`);
  });
}

test("sees nothing in an empty scene, the first frames included", () => {
  const all = watch({ emptySeconds: 1e6 }, { frames: 60 });
  assert.deepEqual(
    all.flatMap(({ found }) => found),
    [],
  );
});

const frame = (width: number, height: number, paint: (x: number, y: number) => number): Frame => ({
  data: Uint8Array.from({ length: width * height }, (_, at) => paint(at % width, Math.floor(at / width))),
  ...{ width, height, pixelFormat: "gray8", index: 0, timestampSeconds: 0 },
});

test("a sudden change of light is not a detection, and the detector recovers from it", () => {
  const detector = new MotionDetector();
  for (let i = 0; i < 100; i++) detector.detect(frame(320, 180, () => 80));
  assert.deepEqual(detector.detect(frame(320, 180, () => 160)), []);
  const after = frame(320, 180, () => 160);
  for (let i = 0; i < 600; i++) detector.detect(after);
  const [found] = detector.detect(frame(320, 180, (x, y) => (x >= 40 && x < 80 && y >= 50 && y < 150 ? 20 : 160)));
  assert.deepEqual(found?.box, { x: 40, y: 50, width: 40, height: 100 });
});

test("confidence grows with size and with how much of the box moves", () => {
  const seen = (paint: (x: number, y: number) => boolean): number => {
    const detector = new MotionDetector();
    for (let i = 0; i < 50; i++) detector.detect(frame(320, 180, () => 100));
    const found = detector.detect(frame(320, 180, (x, y) => (paint(x, y) ? 250 : 100)));
    assert.equal(found.length, 1);
    return found[0]!.confidence;
  };
  const small = seen((x, y) => x >= 50 && x < 58 && y >= 50 && y < 60);
  const large = seen((x, y) => x >= 50 && x < 90 && y >= 50 && y < 150);
  const thin = seen((x, y) => Math.abs(x - y) < 4 && y > 40 && y < 140);
  assert.ok(small > 0.5 && small < large, `${small} < ${large}`);
  assert.ok(thin < large && large > 0.99 && large <= 1, `${thin} < ${large}`);
});

test("frames of another size begin a new background, and close forgets", () => {
  const detector = new MotionDetector();
  for (let i = 0; i < 30; i++) detector.detect(frame(320, 180, () => 100));
  assert.deepEqual(detector.detect(frame(200, 100, () => 50)), []);
  for (let i = 0; i < 30; i++) detector.detect(frame(200, 100, () => 50));
  assert.equal(detector.detect(frame(200, 100, (x) => (x < 30 ? 200 : 50))).length, 1);
  detector.close();
  assert.deepEqual(detector.detect(frame(200, 100, (x) => (x < 30 ? 200 : 50))), []);
});

test("stages are marked in their order", () => {
  const stages: DetectorStage[] = [];
  new MotionDetector().detect(
    frame(64, 64, () => 0),
    { mark: (stage) => stages.push(stage) },
  );
  assert.deepEqual(stages, ["preprocess", "inference", "postprocess"]);
});

test("options that make no sense are refused", () => {
  assert.throws(() => new MotionDetector({ minArea: 5 }), /minArea is 5\. Give a share/);
  assert.throws(() => new MotionDetector({ analysisWidth: 0 }), /analysisWidth is 0/);
});
