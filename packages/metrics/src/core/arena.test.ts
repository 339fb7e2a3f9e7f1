import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Arena, SLAB_CELLS, SLAB_MASK, SLAB_SHIFT } from "./arena.ts";

describe("Arena", () => {
  it("hands out runs that lie in one slab each, ascend and never overlap", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: SLAB_CELLS })), { maxLength: 60 }), (runs) => {
        const arena = new Arena();
        let end = 0;
        for (const cells of runs) {
          const slot = arena.alloc(cells);
          assert.ok(slot >= end, "behind the run before");
          assert.ok((slot & SLAB_MASK) + cells <= SLAB_CELLS, "inside its slab");
          assert.ok(arena.slabs[slot >> SLAB_SHIFT] !== undefined);
          end = slot + cells;
        }
      }),
      { numRuns: 50 },
    );
  });

  it("keeps its numbers in shared memory, zero at first", () => {
    const arena = new Arena();
    arena.alloc(1);
    assert.ok(arena.slabs[0]!.buffer instanceof SharedArrayBuffer);
    assert.ok(arena.slabs[0]!.every((value) => value === 0));
  });

  it("works where there is no shared memory, as on most pages", () => {
    const { SharedArrayBuffer: shared } = globalThis;
    try {
      Reflect.deleteProperty(globalThis, "SharedArrayBuffer");
      const arena = new Arena();
      arena.alloc(3);
      assert.ok(arena.slabs[0]!.buffer instanceof ArrayBuffer);
    } finally {
      globalThis.SharedArrayBuffer = shared;
    }
  });
});
