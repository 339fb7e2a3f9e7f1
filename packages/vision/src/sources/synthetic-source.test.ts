import assert from "node:assert/strict";
import test from "node:test";
import { InferometerError } from "@inferometer/metrics";
import { takeAll } from "./sources.test-kit.ts";
import { SyntheticScene } from "./synthetic-scene.ts";
import { SyntheticSource } from "./synthetic-source.ts";

const small = { kind: "synthetic", width: 64, height: 48, framesPerSecond: 10, seed: 3, emptySeconds: 0 } as const;

test("gives as many pictures as asked for, those of the scene, with their truth", async () => {
  const source = new SyntheticSource({ ...small, frames: 3 });
  const { info, stamps, pictures, events } = await takeAll(source);
  assert.deepEqual(info, { width: 64, height: 48, pixelFormat: "rgb24", framesPerSecond: 10, frames: 3 });
  assert.deepEqual(
    stamps,
    [0, 0.1, 0.2].map((timestampSeconds, index) => ({ index, timestampSeconds })),
  );
  const scene = new SyntheticScene(small);
  const expected = new Uint8Array(scene.frameBytes);
  assert.deepEqual(source.truths(2), scene.render(2, expected));
  assert.deepEqual(pictures[2], expected);
  assert.deepEqual(events, [{ kind: "up" }]);
});

test("never ends without a number of frames, and in the size asked for", async () => {
  const { info, stamps } = await takeAll(new SyntheticSource(small), { width: 32, height: 32, pixelFormat: "gray8", most: 100 });
  assert.equal(stamps.length, 100);
  assert.deepEqual(info, { width: 32, height: 32, pixelFormat: "gray8", framesPerSecond: 10 });
});

test("live pictures come no earlier than their time", async () => {
  const clock = performance;
  const startedMs = clock.now();
  const arrivedMs: number[] = [];
  await takeAll(new SyntheticSource({ ...small, framesPerSecond: 50, live: true, frames: 6 }), {
    onStamp: () => arrivedMs.push(clock.now() - startedMs),
  });
  assert.equal(arrivedMs.length, 6);
  for (const [index, ms] of arrivedMs.entries()) assert.ok(ms >= index * 20 - 2, `picture ${index} came after ${ms} ms`); // timers may be early by 1 ms
});

test("close() ends the wait for a live picture", async () => {
  const source = new SyntheticSource({ ...small, framesPerSecond: 0.01, live: true });
  await source.open();
  const picture = new Uint8Array(64 * 48 * 3);
  await source.read(picture);
  const waiting = source.read(picture);
  await source.close();
  assert.equal(await waiting, undefined);
});

test("refuses numbers of frames that are none", () => {
  for (const frames of [0, -1, 1.5, Number.NaN]) {
    assert.throws(
      () => new SyntheticSource({ ...small, frames }),
      (error) => error instanceof InferometerError && error.code === "OPTION_INVALID",
    );
  }
});
