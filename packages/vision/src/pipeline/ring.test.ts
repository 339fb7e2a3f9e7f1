import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Ring, type SlotStamp } from "./ring.ts";

const stampOf = (index: number): SlotStamp => ({ index, timestampSeconds: index / 10, takenSeconds: 100 + index, decodeSeconds: 0.5 });

function filled(queueSize: number, indexes: readonly number[]): Ring {
  const ring = new Ring({ queueSize, frameBytes: 5 });
  for (const index of indexes) {
    const slot = ring.freeSlot();
    ring.pixels(slot).fill(index);
    ring.publish(slot, stampOf(index));
  }
  return ring;
}

describe("Ring", () => {
  it("hands out pictures with their stamps, oldest first", () => {
    const ring = filled(3, [7, 8, 9]);
    assert.equal(ring.full, 3);
    for (const index of [7, 8, 9]) {
      const slot = ring.take()!;
      assert.deepEqual([...ring.pixels(slot)], [index, index, index, index, index]);
      assert.deepEqual(ring.stamp(slot), stampOf(index));
      ring.release(slot);
    }
    assert.equal(ring.take(), undefined);
    assert.equal(ring.full, 0);
  });

  it("is the same for another thread that got its memory", () => {
    const ring = filled(2, [1, 2]);
    const other = new Ring({ queueSize: 2, frameBytes: 5, buffer: ring.buffer });
    assert.equal(other.full, 2);
    assert.equal(other.stamp(other.take()!).index, 1);
    assert.equal(ring.full, 1);
  });

  it("throws away the oldest, and nothing when nothing waits", () => {
    const ring = filled(3, [1, 2]);
    assert.equal(ring.dropOldest(), true);
    assert.equal(ring.stamp(ring.take()!).index, 2);
    assert.equal(ring.dropOldest(), false);
  });

  it("always has a free slot while one is looked at and the queue is full", () => {
    const ring = filled(2, [1]);
    const busy = ring.take()!;
    for (const index of [2, 3]) ring.publish(ring.freeSlot(), stampOf(index));
    const free = ring.freeSlot();
    assert.notEqual(free, busy);
    ring.publish(free, stampOf(4));
    assert.throws(() => ring.freeSlot(), { code: "SOURCE_LOST" });
  });

  it("allocates its slots once: two more than may wait", () => {
    assert.equal(new Ring({ queueSize: 3, frameBytes: 6400 }).buffer.byteLength, 64 + 192 + 5 * 6400);
  });

  it("behaves as a queue, whatever is done with it", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("publish", "take", "release", "drop"), { maxLength: 200 }), (deeds) => {
        const ring = new Ring({ queueSize: 3, frameBytes: 1 });
        const queue: number[] = [];
        let busy: number | undefined;
        let index = 0;
        for (const deed of deeds) {
          if (deed === "publish" && queue.length < 3) {
            ring.publish(ring.freeSlot(), stampOf(index));
            queue.push(index++);
          } else if (deed === "take" && busy === undefined) {
            busy = ring.take();
            assert.equal(busy === undefined ? undefined : ring.stamp(busy).index, queue.shift());
          } else if (deed === "release" && busy !== undefined) {
            ring.release(busy);
            busy = undefined;
          } else if (deed === "drop") {
            assert.equal(ring.dropOldest(), queue.shift() !== undefined);
          }
          assert.equal(ring.full, queue.length);
        }
      }),
      { numRuns: 200 },
    );
  });
});
