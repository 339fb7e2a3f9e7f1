import { InferometerError } from "@inferometer/metrics";

/** What is known of a picture in the ring. All times are of the clock that the threads share. */
export interface SlotStamp {
  readonly index: number;
  readonly timestampSeconds: number;
  /** When the source gave it. */
  readonly takenSeconds: number;
  /** How long the source took. */
  readonly decodeSeconds: number;
}

const FREE = 0;
const FULL = 2;
const BUSY = 3;
const STAMP_NUMBERS = 4;
const ALIGNMENT = 64;

/**
 * Slots for pictures in shared memory, between the thread that reads and the one that detects; allocated once.
 *
 *     reader:   FREE -> fill -> FULL -+-> (reader drops the oldest) -> FREE
 *     detector:                       +-> BUSY -> FREE
 *
 * The word of a slot holds its state and the number of its picture, so that of two who grab a full slot just one gets it, and gets the picture
 * he meant. There are two slots more than pictures may wait: one is being filled, one is being looked at. So the reader always finds a free one.
 */
export class Ring {
  readonly buffer: SharedArrayBuffer;
  readonly frameBytes: number;
  readonly #slots: number;
  /** The word of each slot, and behind them how many are full. */
  readonly #words: Int32Array;
  readonly #stamps: Float64Array;
  readonly #pixels: Uint8Array[] = [];
  #sequence = 0;

  /** `buffer`: of the same ring in another thread. */
  constructor({ queueSize, frameBytes, buffer }: { readonly queueSize: number; readonly frameBytes: number; readonly buffer?: SharedArrayBuffer }) {
    const slots = queueSize + 2;
    const stampsAt = aligned((slots + 1) * Int32Array.BYTES_PER_ELEMENT);
    const pixelsAt = stampsAt + aligned(slots * STAMP_NUMBERS * Float64Array.BYTES_PER_ELEMENT);
    this.frameBytes = frameBytes;
    this.#slots = slots;
    this.buffer = buffer ?? new SharedArrayBuffer(pixelsAt + slots * aligned(frameBytes));
    this.#words = new Int32Array(this.buffer, 0, slots + 1);
    this.#stamps = new Float64Array(this.buffer, stampsAt, slots * STAMP_NUMBERS);
    for (let slot = 0; slot < slots; slot++) this.#pixels.push(new Uint8Array(this.buffer, pixelsAt + slot * aligned(frameBytes), frameBytes));
  }

  /** Pictures that wait. */
  get full(): number {
    return Atomics.load(this.#words, this.#slots);
  }

  pixels(slot: number): Uint8Array {
    return this.#pixels[slot]!;
  }

  /** A slot to fill. Only the reader asks, and fills one at a time. */
  freeSlot(): number {
    for (let slot = 0; slot < this.#slots; slot++) if (Atomics.load(this.#words, slot) === FREE) return slot;
    throw new InferometerError("SOURCE_LOST", "The ring of frames has no free slot: more than one thread reads from it.");
  }

  /** Hands a filled slot to the detector. */
  publish(slot: number, { index, timestampSeconds, takenSeconds, decodeSeconds }: SlotStamp): void {
    this.#stamps.set([index, timestampSeconds, takenSeconds, decodeSeconds], slot * STAMP_NUMBERS);
    this.#sequence = (this.#sequence + 1) & 0x3fffffff;
    Atomics.add(this.#words, this.#slots, 1);
    Atomics.store(this.#words, slot, (this.#sequence << 2) | FULL);
  }

  /** Takes the oldest picture to look at it; undefined when none waits. `release` the slot afterwards. */
  take(): number | undefined {
    return this.#grabOldest(BUSY);
  }

  release(slot: number): void {
    Atomics.store(this.#words, slot, FREE);
  }

  /** Throws away the oldest picture that waits; false when there is none. */
  dropOldest(): boolean {
    return this.#grabOldest(FREE) !== undefined;
  }

  stamp(slot: number): SlotStamp {
    const at = slot * STAMP_NUMBERS;
    const [index, timestampSeconds, takenSeconds, decodeSeconds] = this.#stamps.subarray(at, at + STAMP_NUMBERS) as unknown as [
      number,
      number,
      number,
      number,
    ];
    return { index, timestampSeconds, takenSeconds, decodeSeconds };
  }

  #grabOldest(state: typeof BUSY | typeof FREE): number | undefined {
    for (;;) {
      let oldest = -1;
      let oldestWord = 0;
      for (let slot = 0; slot < this.#slots; slot++) {
        const word = Atomics.load(this.#words, slot);
        // The numbers wrap around; their difference does not.
        if ((word & 3) === FULL && (oldest === -1 || ((word - oldestWord) | 0) < 0)) {
          oldest = slot;
          oldestWord = word;
        }
      }
      if (oldest === -1) return undefined;
      if (Atomics.compareExchange(this.#words, oldest, oldestWord, state) !== oldestWord) continue;
      Atomics.sub(this.#words, this.#slots, 1);
      return oldest;
    }
  }
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
