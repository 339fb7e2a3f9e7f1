import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { Detection, Detector } from "../types.ts";
import type { Board } from "./board.ts";
import { DetectorLoop, type FrameOutput, type LoopSettings, MAX_UNREAD } from "./detector-loop.ts";
import { bells, detectionAt, SMALL, settled } from "./fakes.test-kit.ts";
import { monotonicSeconds } from "./monotonic.ts";
import { Ring } from "./ring.ts";
import type { DetectorWord, FrameReport } from "./words.ts";

interface Started {
  readonly board: Board;
  readonly ring: Ring;
  readonly words: DetectorWord[];
  readonly run: Promise<void>;
  readonly put: (index: number, ageSeconds?: number) => void;
  readonly wake: () => void;
  readonly end: () => Promise<void>;
}

function start(
  t: TestContext,
  detect: Detector["detect"],
  { queueSize = 100, output, ...settings }: Partial<LoopSettings> & { queueSize?: number; output?: FrameOutput } = {},
): Started {
  const { board, reader, detector: bell, close } = bells();
  t.after(close);
  const ring = new Ring({ queueSize, frameBytes: 8 });
  const words: DetectorWord[] = [];
  const loop = new DetectorLoop(
    { name: "test", detect },
    {
      settings: { confidence: 0, maxAgeSeconds: Number.POSITIVE_INFINITY, maxFailures: 3, tracker: {}, ...settings },
      parts: { board, ring, bell, info: SMALL, say: (word) => words.push(structuredClone(word)), ...(output === undefined ? {} : { output }) },
    },
  );
  const run = loop.run();
  run.catch(() => {});
  return {
    board,
    ring,
    words,
    run,
    put: (index, ageSeconds = 0) => {
      ring.publish(ring.freeSlot(), { index, timestampSeconds: index / 10, takenSeconds: monotonicSeconds() - ageSeconds, decodeSeconds: 0.25 });
      reader.ring();
    },
    wake: () => bell.awake(),
    end: () => {
      board.end();
      bell.awake();
      return run;
    },
  };
}

const framesIn = (words: readonly DetectorWord[]): FrameReport[] => words.filter((word) => word.kind === "frame");

describe("DetectorLoop", () => {
  it("reports each frame with its detections, tracks and times, in order", async (t) => {
    const { put, end, words } = start(t, (frame, clock) => {
      clock?.mark("preprocess");
      clock?.mark("postprocess");
      return [detectionAt(frame.index)];
    });
    for (let index = 0; index < 3; index++) put(index);
    await end();
    const frames = framesIn(words);
    assert.deepEqual(
      frames.map(({ index, timestampSeconds, detections }) => [index, timestampSeconds, detections]),
      [0, 1, 2].map((index) => [index, index / 10, [detectionAt(index)]]),
    );
    assert.deepEqual(
      frames.map(({ tracks }) => tracks.map(({ id, label, confidence }) => [id, label, confidence])),
      Array(3).fill([[1, "thing", 0.9]]),
    );
    for (const { stageSeconds } of frames) {
      const { decode, queue, preprocess, inference, postprocess, track, total } = stageSeconds;
      assert.equal(decode, 0.25);
      assert.ok(Math.min(queue, preprocess, inference, postprocess, track) >= 0);
      assert.ok(total >= queue + preprocess + inference + postprocess + track - 1e-9);
    }
  });

  it("tells of tracks: created, then ended with the stream", async (t) => {
    const { put, end, words } = start(t, () => [detectionAt(0)]);
    put(0);
    await end();
    const events = words.flatMap((word) => ("events" in word ? word.events : []));
    assert.deepEqual(
      events.map((event) => (event.type === "lost" ? event.reason : event.type)),
      ["created", "stream_end"],
    );
  });

  it("makes no tracks when there is no tracker", async (t) => {
    const { put, end, words } = start(t, () => [detectionAt(0)], { tracker: undefined as never });
    put(0);
    await end();
    assert.deepEqual(framesIn(words)[0]?.tracks, []);
    assert.equal(words.length, 1);
  });

  it("awaits a detector that answers later, one frame at a time", async (t) => {
    const answers: (() => void)[] = [];
    const { put, end, words } = start(t, () => new Promise<Detection[]>((resolve) => answers.push(() => resolve([detectionAt(1)]))));
    put(0);
    put(1);
    await settled();
    assert.deepEqual([answers.length, framesIn(words).length], [1, 0]);
    answers[0]?.();
    await settled();
    assert.deepEqual([answers.length, framesIn(words).length], [2, 1]);
    answers[1]?.();
    await end();
    assert.equal(framesIn(words)[1]?.detections.length, 1);
  });

  it("leaves out what is less sure than asked for", async (t) => {
    const { put, end, words } = start(t, () => [detectionAt(0, 0.3), detectionAt(1, 0.5)], { confidence: 0.5 });
    put(0);
    await end();
    assert.deepEqual(framesIn(words)[0]?.detections, [detectionAt(1, 0.5)]);
  });

  it("drops a frame that has waited too long", async (t) => {
    const { put, end, board, words, ring } = start(t, () => [], { maxAgeSeconds: 1 });
    put(0, 5);
    put(1);
    await end();
    assert.deepEqual(
      framesIn(words).map(({ index }) => index),
      [1],
    );
    assert.deepEqual(board.takeCounts().dropped, { stale: 1 });
    assert.equal(ring.full, 0);
  });

  it("goes on after a frame that the detector could not take", async (t) => {
    const { put, end, words } = start(t, (frame) => {
      if (frame.index % 2 === 0) throw new TypeError("odd only");
      return [];
    });
    for (let index = 0; index < 6; index++) put(index);
    await end();
    assert.deepEqual(
      framesIn(words).map(({ error }) => error?.message),
      ["odd only", undefined, "odd only", undefined, "odd only", undefined],
    );
  });

  it("counts an answer that is no detection as a failure", async (t) => {
    const { put, end, words } = start(t, () => [{ box: { x: Number.NaN, y: 0, width: 1, height: 1 }, label: "a", confidence: 1 }]);
    put(0);
    await end();
    assert.match(framesIn(words)[0]?.error?.message ?? "", /x NaN/);
  });

  it("gives up after so many failures in a row, and has reported each", async (t) => {
    const { put, run, words } = start(t, () => Promise.reject(new Error("no more memory")), { maxFailures: 3 });
    for (let index = 0; index < 5; index++) put(index);
    await assert.rejects(run, { code: "DETECTOR_FAILED", message: /"test" failed on 3 frames in a row; at last: no more memory\./ });
    assert.equal(framesIn(words).length, 3);
  });

  it("finishes the frame in hand when it is stopped, and drops those that wait", async (t) => {
    let answer: (() => void) | undefined;
    const { put, run, board, words, wake } = start(t, () => new Promise<Detection[]>((resolve) => (answer = () => resolve([]))));
    for (let index = 0; index < 4; index++) put(index);
    await settled();
    board.stop();
    wake();
    answer?.();
    await run;
    assert.equal(framesIn(words).length, 1);
    assert.deepEqual(board.takeCounts().dropped, { shutdown: 3 });
  });

  it("does not run far ahead of who takes the results", async (t) => {
    const { put, end, board, words, wake } = start(t, () => []);
    for (let index = 0; index < MAX_UNREAD + 10; index++) put(index);
    await settled();
    assert.equal(framesIn(words).length, MAX_UNREAD);
    board.countTaken();
    board.countTaken();
    wake();
    await settled();
    assert.equal(framesIn(words).length, MAX_UNREAD + 2);
    for (let taken = 0; taken < MAX_UNREAD; taken++) board.countTaken();
    await end();
    assert.equal(framesIn(words).length, MAX_UNREAD + 10);
  });

  it("reports the frame, frees its slot and ends when the output fails", async (t) => {
    const output = { write: () => Promise.reject(new Error("disk full")) };
    const { put, run, words, ring } = start(t, () => [], { output, queueSize: 1 });
    put(0);
    await assert.rejects(run, /disk full/);
    assert.equal(framesIn(words).length, 1);
    assert.doesNotThrow(() => ring.freeSlot());
  });

  it("lets timers have their turn beside a detector that never waits", async (t) => {
    let timers = 0;
    const timer = setInterval(() => timers++, 1);
    t.after(() => clearInterval(timer));
    const { put, end, ring } = start(t, () => {
      const until = monotonicSeconds() + 0.006;
      while (monotonicSeconds() < until);
      return [];
    });
    for (let index = 0; index < 10; index++) put(index);
    await end();
    assert.equal(ring.full, 0);
    assert.ok(timers >= 2, `${timers} timers in 60 ms`);
  });
});
