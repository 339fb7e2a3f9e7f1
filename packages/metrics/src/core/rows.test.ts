import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Arena, SLAB_CELLS, SLAB_MASK, SLAB_SHIFT } from "./arena.ts";
import { Rows } from "./rows.ts";

describe("Rows", () => {
  it("gives each row numbers of its own, through slabs shared with other metrics", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 1, max: 9 }), (stride, count, other) => {
        const arena = new Arena();
        const [rows, neighbour] = [new Rows(arena, { stride, keepsCreated: true }), new Rows(arena, { stride: other, keepsCreated: true })];
        if (other > 4) assert.ok(rows.slots.length > 0); // from the beginning in some, later in others
        for (let row = 0; row < count; row++) {
          write({ arena, rows, row, value: row + 1 });
          if (row % 3 === 0) write({ arena, rows: neighbour, row: row / 3, value: -1 });
        }
        const copy = rows.copy(count);
        assert.equal(copy.length, count * stride);
        for (let row = 0; row < count; row++) {
          assert.equal(arena.slabs[rows.slotOf(row) >> SLAB_SHIFT]![rows.slotOf(row) & SLAB_MASK], row + 1);
          assert.ok(copy.subarray(row * stride, (row + 1) * stride).every((value) => value === row + 1));
          assert.equal(rows.rowAt(rows.slotOf(row)), row);
          if (row % 100 === 99) assert.equal(rows.slots[row], rows.slotOf(row));
          assert.equal(rows.created![row], row + 1);
        }
        assert.ok(neighbour.copy(Math.ceil(count / 3)).every((value) => value === -1));
      }),
      { numRuns: 25 },
    );
  });

  it("copies only as many rows as it is asked for", () => {
    const arena = new Arena();
    const rows = new Rows(arena, { stride: 2, keepsCreated: true });
    for (let row = 0; row < 10; row++) write({ arena, rows, row, value: row });
    assert.deepEqual([...rows.copy(3)], [0, 0, 1, 1, 2, 2]);
    assert.equal(rows.copy(0).length, 0);
  });

  it("zeroes a row that is opened again", () => {
    const arena = new Arena();
    const rows = new Rows(arena, { stride: 3, keepsCreated: true });
    write({ arena, rows, row: 0, value: 7 });
    rows.open(0, 99);
    assert.deepEqual([...rows.copy(1)], [0, 0, 0]);
    assert.equal(rows.created![0], 99);
  });

  it("moves a row with its time of creation, across slabs too", () => {
    const arena = new Arena();
    const rows = new Rows(arena, { stride: SLAB_CELLS / 2, keepsCreated: true });
    for (let row = 0; row < 5; row++) write({ arena, rows, row, value: row + 1 });
    rows.move(4, 0);
    assert.equal(rows.copy(1)[SLAB_CELLS / 2 - 1], 5);
    assert.equal(rows.created![0], 5);
  });
});

function write(to: { readonly arena: Arena; readonly rows: Rows; readonly row: number; readonly value: number }): void {
  const { arena, rows, row, value } = to;
  const slot = rows.open(row, value);
  arena.slabs[slot >> SLAB_SHIFT]!.fill(value, slot & SLAB_MASK, (slot & SLAB_MASK) + rows.stride);
}
