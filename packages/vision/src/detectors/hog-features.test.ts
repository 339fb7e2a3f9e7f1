import assert from "node:assert/strict";
import test from "node:test";
import { BLOCK_VALUES, HogFeatures } from "./hog-features.ts";
import { WINDOW_VALUES, windowScore, windowsIn } from "./hog-window.ts";
import { loadOpenCv, scoresByOpenCv } from "./opencv.test-kit.ts";
import { peopleWeights } from "./people-weights.ts";
import { figurePicture } from "./picture.test-kit.ts";

const size = { width: 80, height: 144 };

// The scores of the nine windows of the figure by OpenCV 4.12.0, by "column,row"; see the last test.
const GOLDEN: Readonly<Record<string, number>> = {
  "0,0": -4.3175,
  "1,0": -2.0039,
  "2,0": -4.1834,
  "0,1": -1.1916,
  "1,1": 4.0847,
  "2,1": -1.0199,
  "0,2": -2.1977,
  "1,2": -0.3218,
  "2,2": -2.3504,
};

function scores(picture: Uint8Array, { width, height }: { width: number; height: number }): Map<string, number> {
  const features = new HogFeatures();
  features.compute(Float32Array.from(picture, Math.sqrt), { width, height });
  const { across, down } = windowsIn(features);
  const found = new Map<string, number>();
  for (let column = 0; column < across; column++) {
    for (let row = 0; row < down; row++) found.set(`${column},${row}`, windowScore(features, peopleWeights(), { column, row }));
  }
  return found;
}

test("scores are those of OpenCV's detector, to a thousandth", () => {
  const ours = scores(figurePicture(size), size);
  assert.deepEqual([...ours.keys()].sort(), Object.keys(GOLDEN).sort());
  for (const [place, score] of ours) assert.ok(Math.abs(score - GOLDEN[place]!) < 1e-3, `${place}: ${score}, not ${GOLDEN[place]}`);
});

test("the figure in the middle is a person, and the ground without it is not", () => {
  assert.ok(scores(figurePicture(size), size).get("1,1")! > 0);
  const ground = figurePicture({ width: 400, height: 500 }).filter((_, at) => at % 400 < 80 && at < 400 * 144);
  for (const score of scores(ground, size).values()) assert.ok(score < -0.5, `${score}`);
});

test("a flat picture has no gradients", () => {
  const features = new HogFeatures();
  features.compute(new Float32Array(32 * 24).fill(7), { width: 32, height: 24 });
  assert.deepEqual([features.columns, features.rows], [3, 2]);
  assert.ok(features.blocks.every((value) => value === 0));
});

test("an edge votes for its own direction, whatever its sign", () => {
  for (const sign of [1, -1]) {
    const features = new HogFeatures();
    const roots = Float32Array.from({ length: 16 * 16 }, (_, at) => 8 + sign * (at % 16 < 8 ? -3 : 3));
    features.compute(roots, { width: 16, height: 16 });
    const cell = [...features.blocks.subarray(0, 9)];
    // Between the last direction and the first: half of the votes each.
    assert.ok(cell[0]! > 0.1 && Math.abs(cell[0]! - cell[8]!) < 1e-3, cell.join(" "));
    assert.ok(cell.slice(1, 8).every((value) => value === 0));
  }
});

test("blocks have length 1", () => {
  const features = new HogFeatures();
  features.compute(Float32Array.from(figurePicture(size), Math.sqrt), size);
  for (let at = 0; at < features.columns * features.rows * BLOCK_VALUES; at += BLOCK_VALUES) {
    const block = features.blocks.subarray(at, at + BLOCK_VALUES);
    assert.ok(Math.abs(Math.hypot(...block) - 1) < 0.02);
    assert.ok(block.every((value) => value >= 0));
  }
});

test("features can be computed for pictures of other sizes in between", () => {
  const features = new HogFeatures();
  const roots = Float32Array.from(figurePicture(size), Math.sqrt);
  features.compute(roots, size);
  const first = features.blocks.slice(0, features.columns * features.rows * BLOCK_VALUES);
  features.compute(new Float32Array(160 * 160).fill(3), { width: 160, height: 160 });
  features.compute(roots, size);
  assert.deepEqual(features.blocks.slice(0, first.length), first);
});

test("there is a weight for every number of a window, and the bias", () => {
  assert.equal(WINDOW_VALUES, 3780);
  assert.equal(peopleWeights().length, 3781);
  assert.ok(peopleWeights().every(Number.isFinite));
});

test("OpenCV itself still gives the scores that this test remembers", async (t) => {
  const found = await loadOpenCv();
  if (found === undefined) return t.skip("@techstark/opencv-js is not installed");
  const golden = scoresByOpenCv(found.cv, { picture: figurePicture(size), ...size, weights: peopleWeights() });
  if (process.env["PRINT_GOLDEN"] !== undefined)
    console.log(golden); // to renew GOLDEN after a change of the figure
  else assert.deepEqual(Object.fromEntries([...golden].map(([place, score]) => [place, Number(score.toFixed(4))])), GOLDEN);
});
