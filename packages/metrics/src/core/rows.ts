import { type Arena, SLAB_CELLS, SLAB_MASK, SLAB_SHIFT } from "./arena.ts";
import { grown } from "./series-table.ts";

/** A run of rows that lie side by side in one slab. */
export interface Block {
  /** Slot of its first row. */
  readonly slot: number;
  /** Rows it has room for. */
  readonly rows: number;
}

/** The values of one metric's series: `stride` numbers a row, in blocks that grow with the metric, and when each row was created. */
export class Rows {
  readonly stride: number;
  readonly #arena: Arena;
  /** Row to slot. */
  slots: Int32Array = new Int32Array(1);
  /** Row to the second (since 1970) of its creation. */
  created: Float64Array = new Float64Array(1);
  readonly blocks: Block[] = [];
  #capacity = 0;

  constructor(arena: Arena, stride: number) {
    this.#arena = arena;
    this.stride = stride;
  }

  /** Makes room for row number `row` (the rows before it have theirs), zeroed; returns its slot. */
  open(row: number, created: number): number {
    if (row >= this.#capacity) this.#extend();
    const slot = this.slots[row]!;
    const cells = this.#arena.slabs[slot >> SLAB_SHIFT]!;
    const at = slot & SLAB_MASK;
    cells.fill(0, at, at + this.stride);
    this.created[row] = created;
    return slot;
  }

  /** The row at a slot: slots ascend with rows, since the arena only goes forward. */
  rowAt(slot: number): number {
    let low = 0;
    let high = this.#capacity - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.slots[middle]! < slot) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Copies the values of one row over another's. */
  move(from: number, to: number): void {
    const source = this.slots[from]!;
    const target = this.slots[to]!;
    const cells = this.#arena.slabs[source >> SLAB_SHIFT]!;
    const at = source & SLAB_MASK;
    this.#arena.slabs[target >> SLAB_SHIFT]!.set(cells.subarray(at, at + this.stride), target & SLAB_MASK);
    this.created[to] = this.created[from]!;
  }

  /** Whether the first rows have exactly these values. */
  hold(values: Float64Array): boolean {
    let at = 0;
    for (const { slot, rows } of this.blocks) {
      const slab = this.#arena.slabs[slot >> SLAB_SHIFT]!;
      const end = Math.min(values.length, at + rows * this.stride);
      for (let cell = slot & SLAB_MASK; at < end; at++, cell++) {
        const value = values[at]!;
        // 0 and -0 are equal and yet two texts.
        if (value !== slab[cell]! || (value === 0 && !Object.is(value, slab[cell]))) return false;
      }
    }
    return at === values.length;
  }

  /** A copy of the first `length` rows' values, one after the other. */
  copy(length: number): Float64Array {
    return copyRows({ slabs: this.#arena.slabs, blocks: this.blocks, stride: this.stride }, length);
  }

  #extend(): void {
    const fits = Math.floor(SLAB_CELLS / this.stride);
    const rows = this.#capacity === 0 ? 1 : Math.min(fits, Math.max(3, this.#capacity >> 2));
    const slot = this.#arena.alloc(rows * this.stride);
    this.blocks.push({ slot, rows });
    const needed = this.#capacity + rows;
    if (needed > this.slots.length) {
      const room = Math.max(needed, grown(this.slots.length));
      const slots = new Int32Array(room);
      slots.set(this.slots);
      this.slots = slots;
      const created = new Float64Array(room);
      created.set(this.created);
      this.created = created;
    }
    for (let k = 0; k < rows; k++) this.slots[this.#capacity + k] = slot + k * this.stride;
    this.#capacity = needed;
  }
}

/** So many numbers are copied one by one. */
const FEW = 32;

/** The first `length` rows of some blocks as one new array. */
export function copyRows(
  source: { readonly slabs: readonly Float64Array[]; readonly blocks: readonly Block[]; readonly stride: number },
  length: number,
): Float64Array {
  const values = new Float64Array(length * source.stride);
  let done = 0;
  for (const { slot, rows } of source.blocks) {
    const take = Math.min(rows, length - done);
    if (take <= 0) break;
    const slab = source.slabs[slot >> SLAB_SHIFT]!;
    const at = slot & SLAB_MASK;
    const count = take * source.stride;
    // A view costs more than to copy a few numbers one by one.
    if (count > FEW) values.set(slab.subarray(at, at + count), done * source.stride);
    else for (let k = 0; k < count; k++) values[done * source.stride + k] = slab[at + k]!;
    done += take;
  }
  return values;
}
