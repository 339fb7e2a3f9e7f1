import assert from "node:assert/strict";
import test from "node:test";
import { iou } from "../boxes.ts";
import { type SyntheticOptions, SyntheticScene } from "../sources/synthetic-scene.ts";
import type { Detection, DetectorStage, Frame, Truth } from "../types.ts";
import { PeopleDetector } from "./people-detector.ts";

function watch(options: SyntheticOptions, frames: number): { truths: Truth[]; found: readonly Detection[] }[] {
  const scene = new SyntheticScene({ crossEverySeconds: 0, emptySeconds: 0.5, lanes: 2, ...options });
  const detector = new PeopleDetector();
  const data = new Uint8Array(scene.frameBytes);
  return Array.from({ length: frames }, (_, index) => {
    const truths = scene.render(index, data);
    return { truths, found: detector.detect({ ...scene.info, data, index, timestampSeconds: scene.timestampSeconds(index) }) };
  });
}

for (const pixelFormat of ["rgb24", "gray8"] as const) {
  test(`finds people who walk and says that they are people (${pixelFormat})`, () => {
    const later = watch({ figures: "person", pixelFormat }, 180).slice(30);
    const whole = later.flatMap(({ truths, found }) =>
      truths.filter(({ visibleFraction }) => visibleFraction === 1).map((truth) => ({ truth, found })),
    );
    const hits = whole.filter(({ truth, found }) => found.some(({ box }) => iou(box, truth.box) > 0.4));
    assert.ok(whole.length > 100);
    assert.ok(hits.length > 0.9 * whole.length, `${hits.length} of ${whole.length} were found`);
    const all = later.flatMap(({ found }) => found);
    assert.ok(all.every(({ label, confidence }) => label === "person" && confidence >= 0.5 && confidence <= 1));
    const wrong = later.flatMap(({ truths, found }) => found.filter(({ box }) => !truths.some((truth) => iou(box, truth.box) > 0.2)));
    assert.ok(wrong.length < 0.02 * whole.length, `${wrong.length} people where nobody was`);
  });
}

test("takes no walking box for a person", () => {
  const all = watch({ figures: "box" }, 180);
  assert.ok(all.flatMap(({ truths }) => truths).length > 100);
  assert.deepEqual(
    all.flatMap(({ found }) => found),
    [],
  );
});

test("finds a person near the camera, many times as tall as the window", () => {
  const all = watch({ figures: "person", lanes: 1, width: 1280, height: 720, emptySeconds: 0.5 }, 200);
  const whole = all.flatMap(({ truths, found }) => truths.filter(({ visibleFraction }) => visibleFraction === 1).map((truth) => ({ truth, found })));
  assert.ok(whole.length > 20 && whole[0]!.truth.box.height > 400);
  const hits = whole.filter(({ truth, found }) => found.some(({ box }) => iou(box, truth.box) > 0.4));
  assert.ok(hits.length > 0.8 * whole.length, `${hits.length} of ${whole.length} were found`);
});

test("one who stops is still seen when nothing moves any more", () => {
  const scene = new SyntheticScene({ figures: "person", crossEverySeconds: 0, emptySeconds: 0.5, lanes: 2 });
  const detector = new PeopleDetector();
  const data = new Uint8Array(scene.frameBytes);
  const show = (index: number): readonly Detection[] => {
    scene.render(index, data);
    return detector.detect({ ...scene.info, data, index, timestampSeconds: 0 });
  };
  for (let index = 0; index <= 150; index++) show(index);
  const before = show(150);
  assert.ok(before.length > 0);
  let after = before;
  for (let again = 0; again < 450; again++) after = show(150); // long enough for the background to swallow everybody
  for (const { box } of before) assert.ok(after.some((other) => iou(other.box, box) > 0.5));
});

const empty: Frame = { data: new Uint8Array(160 * 120), width: 160, height: 120, pixelFormat: "gray8", index: 0, timestampSeconds: 0 };

test("stages are marked in their order, motion's own not", () => {
  const stages: DetectorStage[] = [];
  assert.deepEqual(new PeopleDetector().detect(empty, { mark: (stage) => stages.push(stage) }), []);
  assert.deepEqual(stages, ["preprocess", "inference", "postprocess"]);
});

test("options that make no sense are refused", () => {
  assert.throws(() => new PeopleDetector({ confidence: 2 }), /confidence is 2/);
  assert.throws(() => new PeopleDetector({ scaleStep: 1 }), /scaleStep is 1/);
  assert.throws(() => new PeopleDetector({ leastHeight: 0 }), /leastHeight is 0/);
  assert.throws(() => new PeopleDetector({ patience: -1 }), /patience is -1/);
});
