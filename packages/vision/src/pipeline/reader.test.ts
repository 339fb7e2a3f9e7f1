import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { SourceEvent } from "../types.ts";
import type { Board, BoardCounts } from "./board.ts";
import { bells, FakeSource, settled } from "./fakes.test-kit.ts";
import { Reader, type ReaderSettings } from "./reader.ts";
import type { Ring } from "./ring.ts";

interface Started {
  readonly reader: Reader;
  readonly board: Board;
  readonly events: readonly SourceEvent[];
  readonly run: Promise<void>;
  readonly ring: () => Ring;
  /** What has been counted since the test began. */
  readonly counts: () => BoardCounts;
  /** Does what the detector does with the next frame; its index. */
  readonly lookAtNext: () => number | undefined;
}

function start(t: TestContext, source: FakeSource, settings: Partial<ReaderSettings> = {}): Started {
  const { board, reader: bell, detector, close } = bells();
  t.after(close);
  const events: SourceEvent[] = [];
  let ring: Ring | undefined;
  const reader = new Reader(source, {
    settings: { queueSize: 2, ...settings },
    parts: { board, bell, onOpen: (_info, made) => (ring = made), onEvent: (event) => events.push(event) },
  });
  const run = reader.run();
  run.catch(() => {});
  const lookAtNext = (): number | undefined => {
    const slot = ring!.take();
    if (slot === undefined) return undefined;
    const { index } = ring!.stamp(slot);
    assert.ok(ring!.pixels(slot).every((value) => value === index));
    detector.ring();
    ring!.release(slot);
    return index;
  };
  return { reader, board, events, run, ring: () => ring!, counts: () => board.takeCounts(), lookAtNext };
}

describe("Reader", () => {
  it("waits for room by default when the source can wait, and loses nothing", async (t) => {
    const source = new FakeSource({ frames: 10 });
    const { run, counts, lookAtNext } = start(t, source);
    await settled();
    assert.equal(source.reads, 3); // two wait, one is in hand
    for (let index = 0; index < 10; index++) {
      assert.equal(lookAtNext(), index);
      await settled();
    }
    await run;
    assert.deepEqual(counts(), { received: 10, dropped: {} });
    assert.equal(source.closed, 1);
  });

  it("drops the oldest by default when the source is live", async (t) => {
    const { run, counts, lookAtNext } = start(t, new FakeSource({ live: true, frames: 10 }));
    await run;
    assert.deepEqual(counts(), { received: 10, dropped: { backpressure: 8 } });
    assert.deepEqual([lookAtNext(), lookAtNext(), lookAtNext()], [8, 9, undefined]);
  });

  it("drops the newest when told to", async (t) => {
    const { run, counts, lookAtNext } = start(t, new FakeSource({ frames: 10 }), { drop: "drop-newest" });
    await run;
    assert.deepEqual(counts(), { received: 10, dropped: { backpressure: 8 } });
    assert.deepEqual([lookAtNext(), lookAtNext(), lookAtNext()], [0, 1, undefined]);
  });

  it("leaves out what is not sampled, and counts it", async (t) => {
    const { run, counts, lookAtNext } = start(t, new FakeSource({ frames: 6 }), { every: 3 });
    await run;
    assert.deepEqual(counts(), { received: 6, dropped: { sampled: 4 } });
    assert.deepEqual([lookAtNext(), lookAtNext()], [0, 3]);
  });

  it("counts what the source has lost as received and dropped, and passes on its other events", async (t) => {
    const source = new FakeSource({ end: false });
    const { run, counts, events, reader } = start(t, source);
    await settled();
    source.options?.onEvent?.({ kind: "dropped", reason: "trimmed", count: 5 });
    source.options?.onEvent?.({ kind: "restart", reason: "stalled" });
    reader.stop();
    await run;
    assert.deepEqual(counts(), { received: 5, dropped: { trimmed: 5 } });
    assert.deepEqual(events, [{ kind: "restart", reason: "stalled" }]);
  });

  it("asks the source for the pixels that are wanted", async (t) => {
    const source = new FakeSource({ frames: 1 });
    await start(t, source, { pixelFormat: "gray8" }).run;
    assert.equal(source.options?.pixelFormat, "gray8");
  });

  it("stops in the middle of a read that waits", async (t) => {
    const source = new FakeSource({ end: false });
    const { run, reader, board } = start(t, source);
    await settled();
    reader.stop();
    await run;
    assert.equal(source.closed, 1);
    assert.equal(board.ended, true);
  });

  it("counts the frame in hand as shut down when it is stopped while it waits for room", async (t) => {
    const { run, reader, counts } = start(t, new FakeSource({ frames: 10 }));
    await settled();
    reader.stop();
    await run;
    assert.deepEqual(counts(), { received: 3, dropped: { shutdown: 1 } });
  });

  it("passes on what the source throws, closes it, and ends the stream", async (t) => {
    const source = new FakeSource({ end: false });
    source.put({ index: 0, timestampSeconds: 0 }, new Error("unplugged"));
    const { run, board, counts } = start(t, source);
    await assert.rejects(run, /unplugged/);
    assert.deepEqual([source.closed, board.ended], [1, true]);
    assert.equal(counts().received, 1);
  });

  it("does not mind what a source throws once it was stopped", async (t) => {
    const source = new FakeSource({ end: false });
    const { run, reader } = start(t, source);
    await settled();
    source.put(new Error("closed"));
    reader.stop();
    await run;
  });
});
