/** Side of a cell in pixels; blocks are two cells wide and high and start at every cell. */
export const CELL = 8;
const BLOCK = 2 * CELL;
const BINS = 9;
const CELL_PAIR = 2 * BINS;
/** Numbers that describe a block: four cells of nine directions. */
export const BLOCK_VALUES: number = 4 * BINS;
const CLIP = 0.2;

// How much a pixel at each place of a block counts for the block's first and second cell: nearness to the cell, times a bell over the block.
// The bell stands half a pixel off the middle: so it does in OpenCV, and the detector was trained with it.
const shares = (cell: number): Float64Array =>
  Float64Array.from({ length: BLOCK }, (_, place) => {
    const near = Math.max(0, 1 - Math.abs((place + 0.5) / CELL - 0.5 - cell));
    return near * Math.exp(-((place - CELL) ** 2) / (2 * (BLOCK / 4) ** 2));
  });
const FIRST = shares(0);
const SECOND = shares(1);

/**
 * Histograms of oriented gradients of a grey picture: N. Dalal and B. Triggs, "Histograms of oriented gradients for human detection",
 * CVPR 2005, with their best settings: square-root gamma, [-1 0 1] gradients, 9 directions without sign, 8x8 cells in 16x16 blocks with a
 * Gaussian window, L2-Hys normalisation. Values and their order are those of OpenCV's HOGDescriptor, so that detectors made for it fit.
 *
 * What a pixel counts for a cell is a product of one number for its column and one for its row. So a row of pixels is gathered once for all
 * blocks that it runs through, and eight gathered rows are then added to the blocks at once: three sums a pixel for each of its two
 * directions, where the plain way, block by block, has nine.
 */
export class HogFeatures {
  /** Blocks across and down. */
  columns = 0;
  rows = 0;
  /** BLOCK_VALUES for each block, column by column from the left, each from top to bottom. */
  blocks: Float32Array = new Float32Array(0);
  /** Eight gathered rows, each CELL_PAIR for every block column; one more at either side takes what belongs to blocks that do not exist. */
  #gathered: Float64Array = new Float64Array(0);
  #rowSize = 0;
  #across: Float64Array = new Float64Array(0);
  #along: Float64Array = new Float64Array(0);
  /** The direction below, and the parts of the gradient's length for it and the one above. */
  #direction: Uint8Array = new Uint8Array(0);
  #lower: Float64Array = new Float64Array(0);
  #upper: Float64Array = new Float64Array(0);

  /** Describes a picture of square roots of brightness (0 to 16). Width and height must be multiples of CELL, at least two of them. */
  compute(roots: Float32Array, { width, height }: { readonly width: number; readonly height: number }): void {
    this.#fit(width, height);
    for (let top = 0; top < height; top += CELL) {
      this.#gathered.fill(0, 0, CELL * this.#rowSize);
      for (let y = top; y < top + CELL; y++) {
        this.#difference(roots, { at: y * width, width, up: y === 0 ? width : -width, down: y === height - 1 ? -width : width });
        this.#vote(width);
        this.#gather(width, (y - top) * this.#rowSize);
      }
      this.#spread(top / CELL);
    }
    for (let at = 0, end = this.columns * this.rows * BLOCK_VALUES; at < end; at += BLOCK_VALUES) normalise(this.blocks, at);
  }

  #fit(width: number, height: number): void {
    this.columns = width / CELL - 1;
    this.rows = height / CELL - 1;
    const size = this.columns * this.rows * BLOCK_VALUES;
    if (this.blocks.length < size) this.blocks = new Float32Array(size);
    else this.blocks.fill(0, 0, size);
    this.#rowSize = (this.columns + 2) * CELL_PAIR;
    if (this.#lower.length >= width) return;
    this.#gathered = new Float64Array(CELL * this.#rowSize);
    this.#across = new Float64Array(width);
    this.#along = new Float64Array(width);
    this.#direction = new Uint8Array(width);
    this.#lower = new Float64Array(width);
    this.#upper = new Float64Array(width);
  }

  /** Gradients of the row that begins at `at`. Pictures are mirrored at their edges, where the gradient across the edge is 0. */
  #difference(roots: Float32Array, { at, width, up, down }: { at: number; width: number; up: number; down: number }): void {
    const across = this.#across;
    const along = this.#along;
    const last = width - 1;
    for (let x = 1, pixel = at + 1; x < last; x++, pixel++) across[x] = roots[pixel + 1]! - roots[pixel - 1]!;
    across[0] = across[last] = 0;
    for (let x = 0, pixel = at; x < width; x++, pixel++) along[x] = roots[pixel + down]! - roots[pixel + up]!;
  }

  /**
   * Turns gradients into votes for two neighbouring directions. The angle comes from the tangent of its half, which lies between 0 and 1 for
   * all angles of a quadrant and is looked up. A jump that depends on the sign would be guessed wrong too often, so the sign's bit picks the
   * half of the table. That takes 60 % of the time of a polynomial for the arc tangent (vtest.avi).
   */
  #vote(width: number): void {
    const across = this.#across;
    const along = this.#along;
    const direction = this.#direction;
    const lower = this.#lower;
    const upper = this.#upper;
    for (let x = 0; x < width; x++) {
      const dx = across[x]!;
      const dy = along[x]!;
      const length = Math.sqrt(dx * dx + dy * dy);
      const half = Math.abs(dy) / (length + Math.abs(dx) + 1e-9);
      SIGN_AS_FLOAT[0] = dx * dy;
      const entry = ((half * (ANGLES - 1) + 0.5) | 0) + (SIGN_AS_BITS[0]! >>> 31) * ANGLES;
      const part = length * PART_ABOVE[entry]!;
      direction[x] = DIRECTION[entry]!;
      upper[x] = part;
      lower[x] = length - part;
    }
  }

  /** Adds the votes of a row to the cells of the blocks in its columns. */
  #gather(width: number, offset: number): void {
    const direction = this.#direction;
    const lower = this.#lower;
    const upper = this.#upper;
    const gathered = this.#gathered;
    for (let x = 0, cell = offset + CELL_PAIR; x < width; cell += CELL_PAIR) {
      for (let place = 0; place < CELL; place++, x++) {
        const bin = direction[x]!;
        const next = NEXT[bin]!;
        const less = lower[x]!;
        const more = upper[x]!;
        // The block that begins at this cell has it as its first; the one that began a cell before, as its second.
        const own = FIRST[place]!;
        gathered[cell + bin]! += own * less;
        gathered[cell + next]! += own * more;
        const other = SECOND[place + CELL]!;
        gathered[cell - BINS + bin]! += other * less;
        gathered[cell - BINS + next]! += other * more;
        // A pixel in the outer half of a cell is near to the neighbouring cell of one of the two blocks.
        const far = place < CELL / 2 ? FIRST[place + CELL]! : SECOND[place]!;
        const to = place < CELL / 2 ? cell - CELL_PAIR : cell + BINS;
        gathered[to + bin]! += far * less;
        gathered[to + next]! += far * more;
      }
    }
  }

  /**
   * Adds the eight gathered rows of a row of cells to the blocks that begin there, and to those that began a cell above. Written out: the
   * sums stay in registers, and the shares that are 0 are left out (a third of the time of a loop over the rows).
   */
  #spread(cellRow: number): void {
    const blocks = this.blocks;
    const gathered = this.#gathered;
    const size = this.#rowSize;
    const step = this.rows * BLOCK_VALUES;
    const begins = cellRow < this.rows;
    const [a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11] = FIRST as unknown as Shares;
    const [, , , , b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15] = SECOND as unknown as Shares;
    for (let column = 0; column < this.columns; column++) {
      for (let value = 0; value < CELL_PAIR; value++) {
        let at = (column + 1) * CELL_PAIR + value;
        const r0 = gathered[at]!;
        const r1 = gathered[(at += size)]!;
        const r2 = gathered[(at += size)]!;
        const r3 = gathered[(at += size)]!;
        const r4 = gathered[(at += size)]!;
        const r5 = gathered[(at += size)]!;
        const r6 = gathered[(at += size)]!;
        const r7 = gathered[at + size]!;
        const to = column * step + cellRow * BLOCK_VALUES + (value < BINS ? value : value + BINS);
        if (begins) {
          blocks[to]! += a0 * r0 + a1 * r1 + a2 * r2 + a3 * r3 + a4 * r4 + a5 * r5 + a6 * r6 + a7 * r7;
          blocks[to + BINS]! += b4 * r4 + b5 * r5 + b6 * r6 + b7 * r7;
        }
        if (cellRow > 0) {
          const above = to - BLOCK_VALUES;
          blocks[above]! += a8 * r0 + a9 * r1 + a10 * r2 + a11 * r3;
          blocks[above + BINS]! += b8 * r0 + b9 * r1 + b10 * r2 + b11 * r3 + b12 * r4 + b13 * r5 + b14 * r6 + b15 * r7;
        }
      }
    }
  }
}

type Four = [number, number, number, number];
/** The sixteen shares of a cell, by place. */
type Shares = readonly [...Four, ...Four, ...Four, ...Four];

const SIGN_AS_FLOAT = new Float32Array(1);
const SIGN_AS_BITS = new Int32Array(SIGN_AS_FLOAT.buffer);
/** Entries of the table for angles below 90 degrees, and as many for those above: directions are right to 1/700 of the distance between two. */
const ANGLES = 2048;
/** Position among the directions, whose middles lie at 1, 2 ... 9; so it is between 0.5 and 9.5. */
const position = (entry: number): number => {
  const angle = 2 * Math.atan((entry % ANGLES) / (ANGLES - 1));
  return 0.5 + (BINS * (entry < ANGLES ? angle : Math.PI - angle)) / Math.PI;
};
const DIRECTION = Uint8Array.from({ length: 2 * ANGLES }, (_, entry) => (Math.floor(position(entry)) + BINS - 1) % BINS);
const PART_ABOVE = Float32Array.from({ length: 2 * ANGLES }, (_, entry) => position(entry) % 1);
/** Directions go round. */
const NEXT = Uint8Array.from({ length: BINS }, (_, direction) => (direction + 1) % BINS);

/** L2-Hys: to length 1, clipped at 0.2, to length 1 again. The small terms are OpenCV's. */
function normalise(blocks: Float32Array, at: number): void {
  const end = at + BLOCK_VALUES;
  let sum = 0;
  for (let i = at; i < end; i++) sum += blocks[i]! * blocks[i]!;
  const scale = 1 / (Math.sqrt(sum) + BLOCK_VALUES * 0.1);
  sum = 0;
  for (let i = at; i < end; i++) {
    const value = Math.min(blocks[i]! * scale, CLIP);
    blocks[i] = value;
    sum += value * value;
  }
  const rescale = 1 / (Math.sqrt(sum) + 1e-3);
  for (let i = at; i < end; i++) blocks[i]! *= rescale;
}
