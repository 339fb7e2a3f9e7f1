import { type Arena, SLAB_CELLS, SLAB_MASK, SLAB_SHIFT } from "./arena.ts";
import { grown } from "./series-table.ts";

/** A run of rows that lie side by side in one slab. */
export interface Block {
  /** Slot of its first row. */
  readonly slot: number;
  /** Rows it has room for. */
  readonly rows: number;
}

interface NumberedBlock extends Block {
  /** Number of its first row. */
  readonly first: number;
}

/**
 * The values of one metric's series: `stride` numbers a row, in blocks that grow with the metric, and, where that is told, when each row was
 * created.
 */
export class Rows {
  readonly stride: number;
  readonly #arena: Arena;
  /** Row to the second (since 1970) of its creation; undefined: not kept. */
  created: Float64Array | undefined;
  #blocks: readonly NumberedBlock[] = [];
  #capacity = 0;
  #slots: Int32Array | undefined;

  constructor(arena: Arena, options: { readonly stride: number; readonly keepsCreated: boolean }) {
    this.#arena = arena;
    this.stride = options.stride;
    this.created = options.keepsCreated ? new Float64Array(1) : undefined;
  }

  /** Row to slot, for the generated record path (lookup.ts): kept from the first time that it is asked for. */
  get slots(): Int32Array {
    if (this.#slots === undefined) {
      this.#slots = new Int32Array(Math.max(1, this.#capacity));
      for (const block of this.#blocks) this.#number(block);
    }
    return this.#slots;
  }

  /** Where a row's numbers are; rows below the capacity only. */
  slotOf(row: number): number {
    if (this.#slots !== undefined) return this.#slots[row]!;
    let k = this.#blocks.length - 1; // a few dozen at most, and the newest row is asked for most
    while (this.#blocks[k]!.first > row) k--;
    const { slot, first } = this.#blocks[k]!;
    return slot + (row - first) * this.stride;
  }

  /** Makes room for row number `row` (the rows before it have theirs), zeroed; returns its slot. */
  open(row: number, created: number): number {
    if (row >= this.#capacity) this.#extend();
    const slot = this.slotOf(row);
    const cells = this.#arena.slabs[slot >> SLAB_SHIFT]!;
    const at = slot & SLAB_MASK;
    cells.fill(0, at, at + this.stride);
    if (this.created !== undefined) this.created[row] = created;
    return slot;
  }

  /** The row at a slot. */
  rowAt(slot: number): number {
    const block = this.#blocks.findLast((one) => one.slot <= slot)!; // slots ascend with rows, since the arena only goes forward
    return block.first + (slot - block.slot) / this.stride;
  }

  /** Copies the values of one row over another's. */
  move(from: number, to: number): void {
    const source = this.slotOf(from);
    const target = this.slotOf(to);
    const cells = this.#arena.slabs[source >> SLAB_SHIFT]!;
    const at = source & SLAB_MASK;
    this.#arena.slabs[target >> SLAB_SHIFT]!.set(cells.subarray(at, at + this.stride), target & SLAB_MASK);
    if (this.created !== undefined) this.created[to] = this.created[from]!;
  }

  /** Whether the first rows have exactly these values. */
  hold(values: Float64Array): boolean {
    let at = 0;
    for (const { slot, rows } of this.#blocks) {
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

  /** Leaves the creations as they are to whom has them, and goes on with a copy. */
  detachCreated(): void {
    this.created = this.created?.slice();
  }

  /** A copy of the first `length` rows' values, one after the other. */
  copy(length: number): Float64Array {
    return copyRows({ slabs: this.#arena.slabs, blocks: this.#blocks, stride: this.stride }, length);
  }

  #extend(): void {
    const fits = Math.floor(SLAB_CELLS / this.stride);
    const first = this.#capacity;
    const rows = first === 0 ? 1 : Math.min(fits, Math.max(3, first >> 2));
    const block = { first, slot: this.#arena.alloc(rows * this.stride), rows };
    this.#blocks = this.#blocks.concat(block); // not push, which makes room for sixteen more: most metrics have few series
    this.#capacity = first + rows;
    if (this.created !== undefined) this.created = widened(this.created, this.#capacity);
    if (this.#slots === undefined) return;
    this.#slots = widened(this.#slots, this.#capacity);
    this.#number(block);
  }

  #number({ first, slot, rows }: NumberedBlock): void {
    for (let k = 0; k < rows; k++) this.#slots![first + k] = slot + k * this.stride;
  }
}

/** An array with room for `needed` numbers and, where it has to grow, for more. */
function widened<A extends Int32Array | Float64Array>(array: A, needed: number): A {
  if (needed <= array.length) return array;
  const wider = new (array.constructor as new (length: number) => A)(Math.max(needed, grown(array.length)));
  wider.set(array);
  return wider;
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
