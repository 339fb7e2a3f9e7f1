import assert from "node:assert/strict";
import test from "node:test";
import { MotionDetector } from "../detectors/motion-detector.ts";
import { type SyntheticOptions, SyntheticScene } from "../sources/synthetic-scene.ts";
import { TrackingEvaluator, type TrackingScores } from "./evaluator.ts";
import { Tracker } from "./tracker.ts";

/** Scene, motion detector and tracker together, held against the truth; what is seen to less than a quarter does not count. */
function run(options: SyntheticOptions, frames: number): TrackingScores {
  const scene = new SyntheticScene(options);
  const detector = new MotionDetector();
  const tracker = new Tracker({ frame: scene.info });
  const evaluator = new TrackingEvaluator({ leastVisible: 0.25 });
  const data = new Uint8Array(scene.frameBytes);
  for (let index = 0; index < frames; index++) {
    const timestampSeconds = scene.timestampSeconds(index);
    const truths = scene.render(index, data);
    const detections = detector.detect({ ...scene.info, data, index, timestampSeconds });
    evaluator.add(truths, tracker.update(detections, { timestampSeconds }).tracks);
    const { created, lost, active } = tracker.statistics;
    assert.equal(created - Object.values(lost).reduce((a, b) => a + b, 0), active);
  }
  return evaluator.scores();
}

for (const seed of [1, 2]) {
  test(`motion detection and tracking reach a MOTA of 0.95 on a scene where people meet (seed ${seed})`, () => {
    const { mota, idf1, hota, truths } = run({ seed }, 600);
    assert.ok(truths > 2000);
    assert.ok(mota >= 0.95, `MOTA ${mota}`);
    assert.ok(idf1 >= 0.9, `IDF1 ${idf1}`);
    assert.ok(hota >= 0.85, `HOTA ${hota}`);
  });
}

test("where nobody meets, nobody changes his id", () => {
  const { mota, idSwitches } = run({ crossEverySeconds: 0 }, 450);
  assert.equal(idSwitches, 0);
  assert.ok(mota >= 0.98, `MOTA ${mota}`);
});
