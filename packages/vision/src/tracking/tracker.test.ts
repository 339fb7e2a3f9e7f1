import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import type { Detection } from "../types.ts";
import type { TrackEvent } from "./track.ts";
import { Tracker, type TrackerOptions, type TrackerUpdate } from "./tracker.ts";

const at = (x: number, { y = 100, confidence = 0.9, label = "person" } = {}): Detection => ({
  box: { x, y, width: 40, height: 100 },
  label,
  confidence,
});

/** Feeds frames at 30 a second; each is a list of detections. */
function feed(tracker: Tracker, frames: readonly (readonly Detection[])[], { from = 0, fps = 30 } = {}): TrackerUpdate[] {
  return frames.map((detections, index) => tracker.update(detections, { timestampSeconds: (from + index) / fps }));
}

const frames = (count: number, of: (frame: number) => readonly Detection[]): (readonly Detection[])[] =>
  Array.from({ length: count }, (_, frame) => of(frame));
const types = (updates: readonly TrackerUpdate[]): string[] =>
  updates.flatMap(({ events }) =>
    events.map((event) => (event.type === "lost" ? `lost ${event.track.id} ${event.reason}` : `${event.type} ${event.track.id}`)),
  );

test("what is there in the first frame is a track at once; what comes later has to be seen twice", () => {
  const updates = feed(new Tracker(), [[at(0)], [at(2), at(300)], [at(4), at(302)]]);
  assert.deepEqual(
    updates.map(({ tracks }) => tracks.map(({ id }) => id)),
    [[1], [1], [1, 2]],
  );
  assert.deepEqual(types(updates), ["created 1", "created 2"]);
  assert.equal(updates[2]!.tracks[1]!.firstSeconds, 1 / 30, "its life began with the first sight of it");
});

test("two who pass each other keep their ids", () => {
  const tracker = new Tracker();
  const updates = feed(
    tracker,
    frames(60, (frame) => [at(10 * frame), at(590 - 10 * frame, { y: 150 })]),
  );
  const last = updates.at(-1)!.tracks;
  assert.deepEqual(
    last.map(({ id, box }) => [id, box.x > 300]),
    [
      [1, true],
      [2, false],
    ],
  );
  assert.equal(tracker.statistics.created, 2);
});

test("who is hidden for half a second is the same person afterwards", () => {
  const hidden = (frame: number): boolean => frame >= 20 && frame < 35;
  const updates = feed(
    new Tracker(),
    frames(50, (frame) => (hidden(frame) ? [] : [at(5 * frame)])),
  );
  assert.deepEqual(types(updates), ["created 1", "recovered 1"]);
  assert.deepEqual(updates[25]!.tracks, [], "nobody is reported while nobody is seen");
  assert.equal(updates.at(-1)!.tracks[0]!.detections, 35);
});

test("a faint detection continues a track but begins none", () => {
  const faint = feed(
    new Tracker(),
    frames(20, (frame) => [at(2 * frame, { confidence: frame < 5 ? 0.9 : 0.2 })]),
  );
  assert.deepEqual(types(faint), ["created 1"]);
  assert.equal(faint.at(-1)!.tracks[0]!.id, 1);
  assert.deepEqual(
    types(
      feed(
        new Tracker(),
        frames(20, () => [at(50, { confidence: 0.55 })]),
      ),
    ),
    [],
  );
});

test("who is not seen for longer than lostAfter has expired, and comes back as somebody else", () => {
  const gone = (frame: number): boolean => frame >= 10 && frame < 60;
  const updates = feed(
    new Tracker({ lostAfter: "1s" }),
    frames(70, (frame) => (gone(frame) ? [] : [at(100)])),
  );
  assert.deepEqual(types(updates), ["created 1", "lost 1 expired", "created 2"]);
  const lost = updates.flatMap(({ events }) => events).find((event): event is TrackEvent & { type: "lost" } => event.type === "lost")!;
  assert.equal(lost.track.lastSeconds - lost.track.firstSeconds, 9 / 30, "the time when nobody was seen is not lived");
  assert.equal(
    updates.findIndex(({ events }) => events.includes(lost)),
    40,
    "a second after the last sight",
  );
});

test("waiting counts in seconds, whatever the frame rate, but for at least three frames", () => {
  const gapOf = (count: number, fps: number): string[] =>
    types(
      feed(
        new Tracker(),
        frames(count + 20, (frame) => (frame >= 10 && frame < 10 + count ? [] : [at(100)])),
        { fps },
      ),
    );
  assert.deepEqual(gapOf(90, 100), ["created 1", "recovered 1"]);
  assert.deepEqual(gapOf(9, 10), ["created 1", "recovered 1"]);
  assert.deepEqual(gapOf(20, 10), ["created 1", "lost 1 expired", "created 2"]);
  assert.deepEqual(gapOf(2, 1), ["created 1", "recovered 1"]);
});

test("who walks out of the picture has left the frame", () => {
  const frame = { width: 640, height: 360 };
  const leaving = (index: number): Detection[] => {
    const x = 500 + 8 * index;
    return x >= 640 ? [] : [{ box: { x, y: 100, width: Math.min(40, 640 - x), height: 100 }, label: "person", confidence: 0.9 }];
  };
  assert.deepEqual(types(feed(new Tracker({ frame }), frames(80, leaving))), ["created 1", "lost 1 left_frame"]);
  assert.deepEqual(types(feed(new Tracker(), frames(80, leaving))), ["created 1", "lost 1 expired"], "without a size nothing is known of edges");
});

test("who walks over the place where another was lost sight of ends the other's wait: they cannot both be there", () => {
  const tracker = new Tracker();
  const updates = feed(tracker, [...frames(5, (frame) => [at(100), at(280 - 6 * frame)]), ...frames(30, (frame) => [at(250 - 6 * frame)])]);
  assert.deepEqual(types(updates), ["created 1", "created 2", "lost 1 duplicate"]);
  assert.ok(updates.slice(1).every(({ tracks }) => tracks.some(({ id }) => id === 2)));
});

test("a new track where an old one is expected turns out to be the old one", () => {
  // A flat box cannot be matched with the tall one; it grows back to its size under an id of its own.
  const boxes = [20, 20, 24, 28, 33, 40, 48, 57, 68, 80, 92, 100, 100].map((height) => ({ ...at(100), box: { x: 100, y: 100, width: 40, height } }));
  const tracker = new Tracker({ lostAfter: "2s" });
  const updates = feed(tracker, [...frames(20, () => [at(100)]), ...boxes.map((detection) => [detection])]);
  assert.deepEqual(types(updates), ["created 1", "created 2", "recovered 1", "lost 2 duplicate"]);
  assert.deepEqual(
    updates.at(-1)!.tracks.map(({ id }) => id),
    [1],
  );
});

test("labels are kept apart, unless the tracker is told otherwise; then the most frequent counts", () => {
  const changing = frames(11, (frame) => [at(2 * frame, { label: frame % 3 === 0 ? "truck" : "car" })]);
  const tracker = new Tracker({ matchLabels: false });
  const updates = feed(tracker, changing);
  assert.equal(tracker.statistics.created, 1);
  assert.equal(updates.at(-1)!.tracks[0]!.label, "car");
  const strict = new Tracker();
  feed(strict, [[at(0)], [at(0)], [at(0, { label: "dog" })], [at(0, { label: "dog" })]]);
  assert.equal(strict.statistics.created, 2);
});

test("the end of the stream ends all tracks, and the tracker can begin anew", () => {
  const tracker = new Tracker();
  feed(tracker, [
    [at(0), at(300)],
    [at(0), at(300), at(500)],
  ]);
  assert.deepEqual(types([tracker.finish()]), ["lost 1 stream_end", "lost 2 stream_end"]);
  assert.deepEqual(tracker.statistics, {
    created: 2,
    lost: { expired: 0, left_frame: 0, duplicate: 0, stream_end: 2 },
    active: 0,
    rejected: 1,
    recovered: 0,
  });
  assert.deepEqual(types(feed(tracker, [[at(0)]])), ["created 3"]);
});

test("time that stands still, goes back or is no number does not stop the tracking", () => {
  const tracker = new Tracker();
  const updates = [0, 0.033, 0.033, 0, Number.NaN, 0.2].map((timestampSeconds, index) => tracker.update([at(2 * index)], { timestampSeconds }));
  assert.deepEqual(
    updates.map(({ tracks }) => tracks.map(({ id }) => id)),
    [[1], [1], [1], [1], [1], [1]],
  );
  assert.ok(updates.every(({ tracks }) => tracks.every(({ box }) => Number.isFinite(box.x))));
});

test("what is reported does not change afterwards", () => {
  const tracker = new Tracker();
  const [first] = feed(tracker, [[at(0)]]);
  const before = structuredClone(first);
  feed(
    tracker,
    frames(5, (frame) => [at(frame)]),
    { from: 1 },
  );
  assert.deepEqual(first, before);
});

const detections = fc.array(
  fc.record({
    x: fc.integer({ min: -20, max: 620 }),
    y: fc.integer({ min: -20, max: 340 }),
    confidence: fc.double({ min: 0, max: 1, noNaN: true }),
    label: fc.constantFrom("person", "car"),
  }),
  { maxLength: 6 },
);

test("created minus lost is active at every moment, ids are unique, and events tell the same story as the counts", () => {
  const streams = fc.array(detections, { maxLength: 60 });
  const options: fc.Arbitrary<TrackerOptions> = fc.record({
    matchLabels: fc.boolean(),
    lostAfter: fc.constantFrom("100ms", "1s"),
    frame: fc.constant({ width: 640, height: 360 }),
  });
  fc.assert(
    fc.property(streams, options, (stream, settings) => {
      const tracker = new Tracker(settings);
      const alive = new Set<number>();
      const used = new Set<number>();
      const check = ({ tracks, events }: TrackerUpdate): void => {
        for (const event of events) {
          if (event.type === "created") {
            assert.ok(!used.has(event.track.id));
            used.add(event.track.id);
            alive.add(event.track.id);
          } else if (event.type === "lost") assert.ok(alive.delete(event.track.id));
          else assert.ok(alive.has(event.track.id));
        }
        const { created, lost, active } = tracker.statistics;
        assert.equal(created - Object.values(lost).reduce((a, b) => a + b, 0), active);
        assert.equal(active, alive.size);
        assert.equal(created, used.size);
        assert.ok(tracks.every(({ id }) => alive.has(id)));
        assert.equal(new Set(tracks.map(({ id }) => id)).size, tracks.length);
      };
      stream.forEach((list, index) => {
        const frame = list.map(({ x, y, confidence, label }) => at(x, { y, confidence, label }));
        check(tracker.update(frame, { timestampSeconds: index / 30 }));
      });
      check(tracker.finish());
      assert.equal(alive.size, 0);
    }),
    { numRuns: 60 },
  );
});

test("only the living are kept: a long stream of short lives does not pile up", () => {
  const tracker = new Tracker({ lostAfter: "100ms" });
  let most = 0;
  for (let index = 0; index < 20_000; index++) {
    tracker.update([at(((index >> 2) * 97) % 600)], { timestampSeconds: index / 30 });
    most = Math.max(most, tracker.statistics.active);
  }
  assert.ok(tracker.statistics.created > 2000, `${tracker.statistics.created} lives`);
  assert.ok(most < 20, `${most} at a time`);
});

test("options that make no sense are refused", () => {
  assert.throws(() => new Tracker({ highConfidence: 5 }), /highConfidence is 5\. Give a number from 0 to 1/);
  assert.throws(() => new Tracker({ framesPerSecond: 0 }), /framesPerSecond is 0/);
  assert.throws(() => new Tracker({ lostAfter: "soon" }), /"soon" is not a duration/);
});
