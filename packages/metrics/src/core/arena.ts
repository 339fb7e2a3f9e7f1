/** A slab holds 8192 numbers (64 KiB); a slot number is the slab's number and the place in it, in one small integer. */
export const SLAB_SHIFT = 13;
export const SLAB_CELLS: number = 1 << SLAB_SHIFT;
export const SLAB_MASK: number = SLAB_CELLS - 1;

/**
 * Hands out runs of numbers from fixed slabs of shared memory, so that another thread can read values without asking this one. The slabs never
 * grow: an access through a growable SharedArrayBuffer costs fifteen times as much (facts of the issue, measured again in bench/floor).
 */
export class Arena {
  /** Only ever appended to; the record path indexes it. */
  readonly slabs: Float64Array[] = [];
  /** Called with each new slab, for whom mirrors them in another thread. */
  onSlab: ((slab: Float64Array, index: number) => void) | undefined;
  #next = SLAB_CELLS;

  /** The slot of a run of `cells` zeros that lies in one slab. At most 8192 cells. */
  alloc(cells: number): number {
    if (this.#next + cells > SLAB_CELLS) {
      // A browser page that is not cross-origin isolated has no SharedArrayBuffer; nothing is shared there.
      const buffer = typeof SharedArrayBuffer === "undefined" ? new ArrayBuffer(SLAB_CELLS * 8) : new SharedArrayBuffer(SLAB_CELLS * 8);
      const slab = new Float64Array(buffer);
      const index = this.slabs.push(slab) - 1;
      this.#next = 0;
      this.onSlab?.(slab, index);
    }
    const slot = ((this.slabs.length - 1) << SLAB_SHIFT) | this.#next;
    this.#next += cells;
    return slot;
  }
}
