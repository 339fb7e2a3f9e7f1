import assert from "node:assert/strict";
import test from "node:test";
import type { Truth } from "../types.ts";
import { TrackingEvaluator, type TrackingScores } from "./evaluator.ts";

/** Boxes of 10x10, far apart for different places; `shift` moves one by some pixels. */
const box = (place: number, shift = 0) => ({ x: place * 100 + shift, y: 0, width: 10, height: 10 });
const truth = (id: number, place: number, visibleFraction = 1): Truth => ({ id, box: box(place), label: "person", visibleFraction });
const track = (id: number, place: number, shift = 0) => ({ id, box: box(place, shift) });

type Frame = readonly [truths: readonly Truth[], tracks: readonly ReturnType<typeof track>[]];

function scores(frames: readonly Frame[], options = {}): TrackingScores {
  const evaluator = new TrackingEvaluator(options);
  for (const [truths, tracks] of frames) evaluator.add(truths, tracks);
  return evaluator.scores();
}

const near = (actual: number, expected: number): void => assert.ok(Math.abs(actual - expected) < 1e-9, `${actual}, not ${expected}`);

test("a perfect tracker scores 1 in everything", () => {
  const result = scores(
    Array.from({ length: 5 }, () => [
      [truth(1, 0), truth(2, 3)],
      [track(7, 0), track(8, 3)],
    ]),
  );
  for (const name of [
    "mota",
    "motp",
    "idf1",
    "idPrecision",
    "idRecall",
    "hota",
    "detectionAccuracy",
    "associationAccuracy",
    "localisationAccuracy",
  ] as const)
    near(result[name], 1);
  assert.deepEqual([result.idSwitches, result.falsePositives, result.falseNegatives, result.fragmentations, result.mostlyTracked], [0, 0, 0, 0, 2]);
});

test("a tracker that says nothing scores 0", () => {
  const result = scores([
    [[truth(1, 0)], []],
    [[truth(1, 0)], []],
  ]);
  assert.deepEqual([result.mota, result.idf1, result.hota, result.falseNegatives, result.mostlyLost], [0, 0, 0, 2, 1]);
});

test("false alarms alone push MOTA below zero", () => {
  const result = scores([[[truth(1, 0)], [track(1, 5), track(2, 6)]]]);
  near(result.mota, -2);
  assert.equal(result.falsePositives, 2);
});

test("one object under two ids, by hand: 4 frames, the id changes after 2", () => {
  const result = scores([1, 1, 2, 2].map((id): Frame => [[truth(1, 0)], [track(id, 0)]]));
  near(result.mota, 1 - 1 / 4);
  assert.equal(result.idSwitches, 1);
  near(result.idf1, 0.5); // the better track covers 2 of 4 frames: 2 * 2 / (4 + 4)
  near(result.detectionAccuracy, 1);
  near(result.associationAccuracy, 0.5); // each of 4 pairs: 2 together / (4 + 2 - 2)
  near(result.hota, Math.sqrt(0.5));
});

test("two objects that swap ids, by hand: 4 frames, the swap after 3", () => {
  const frames = [false, false, false, true].map(
    (swapped): Frame => [
      [truth(1, 0), truth(2, 3)],
      [track(swapped ? 2 : 1, 0), track(swapped ? 1 : 2, 3)],
    ],
  );
  const result = scores(frames);
  assert.equal(result.idSwitches, 2);
  near(result.mota, 1 - 2 / 8);
  near(result.idf1, 6 / 8);
  // Six pairs with 3 / (4 + 4 - 3), two with 1 / (4 + 4 - 1).
  near(result.associationAccuracy, (6 * (3 / 5) + 2 * (1 / 7)) / 8);
});

test("a miss, by hand: lost for one of 3 frames", () => {
  const result = scores([
    [[truth(1, 0)], [track(1, 0)]],
    [[truth(1, 0)], []],
    [[truth(1, 0)], [track(1, 0)]],
  ]);
  near(result.mota, 2 / 3);
  assert.equal(result.fragmentations, 1);
  assert.equal(result.idSwitches, 0);
  near(result.idf1, 4 / 5);
  near(result.detectionAccuracy, 2 / 3);
  near(result.associationAccuracy, 2 / 3); // 2 / (3 + 2 - 2)
  assert.deepEqual([result.mostlyTracked, result.partlyTracked, result.mostlyLost], [0, 1, 0]);
});

test("overlap decides at which thresholds a pair counts: 5 of 10 pixels moved is 1/3", () => {
  const result = scores([[[truth(1, 0)], [track(1, 0, 5)]]]);
  near(result.mota, -1); // below 0.5: a miss and a false alarm
  near(result.detectionAccuracy, 6 / 19); // it is a pair at 0.05 to 0.3
  near(result.hota, 6 / 19);
  near(scores([[[truth(1, 0)], [track(1, 0, 5)]]], { iou: 0.3 }).motp, 1 / 3);
});

test("a pair of the frame before is kept while it overlaps enough, even if another track is nearer", () => {
  const result = scores([
    [[truth(1, 0)], [track(1, 0)]],
    [[truth(1, 0)], [track(1, 0, 2), track(2, 0)]],
  ]);
  assert.equal(result.idSwitches, 0);
  assert.equal(result.falsePositives, 1);
});

test("an id that is taken up again after a gap is no switch, another one is", () => {
  const gap: Frame = [[truth(1, 0)], []];
  assert.equal(scores([[[truth(1, 0)], [track(1, 0)]], gap, [[truth(1, 0)], [track(1, 0)]]]).idSwitches, 0);
  assert.equal(scores([[[truth(1, 0)], [track(1, 0)]], gap, [[truth(1, 0)], [track(2, 0)]]]).idSwitches, 1);
});

test("what is hardly seen does not count, found or not", () => {
  const frames: Frame[] = [
    [
      [truth(1, 0), truth(2, 3, 0.1)],
      [track(1, 0), track(2, 3)],
    ],
    [[truth(1, 0), truth(2, 3, 0.1)], [track(1, 0)]],
  ];
  near(scores(frames).mota, 3 / 4);
  const strict = scores(frames, { leastVisible: 0.25 });
  near(strict.mota, 1);
  near(strict.hota, 1);
  assert.deepEqual([strict.truths, strict.frames], [2, 2]);
});

test("without anything to count, ratios are not numbers", () => {
  assert.ok(Number.isNaN(scores([]).mota));
  assert.throws(() => new TrackingEvaluator({ iou: 50 }), /iou is 50/);
});
