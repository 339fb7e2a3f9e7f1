import type { DropReason } from "../types.ts";

export const DROP_REASONS: readonly DropReason[] = ["backpressure", "stale", "sampled", "trimmed", "corrupt", "paused", "shutdown"];

/** Who may sleep until the other rings. */
export type Sleeper = "reader" | "detector";

const RECEIVED = 0;
const STOPPED = 1;
const ENDED = 2;
const ASLEEP: Readonly<Record<Sleeper, number>> = { reader: 3, detector: 4 };
const REPORTED = 5;
const TAKEN = 6;
const PAUSED = 7;
const DROPPED = 8;
const WORDS = DROPPED + DROP_REASONS.length;

/** How often something has happened since the last look. */
export interface BoardCounts {
  readonly received: number;
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>;
}

/**
 * What the threads of a source tell each other at once, in shared memory: how many frames came in and why some went, who should stop, who
 * sleeps. A thread that dies leaves its counts behind.
 */
export class Board {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #seen: Int32Array = new Int32Array(WORDS);

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
  }

  countReceived(count: number): void {
    Atomics.add(this.#words, RECEIVED, count);
  }

  /** A frame is counted as received before it is counted as dropped. */
  countDropped(reason: DropReason, count: number): void {
    Atomics.add(this.#words, DROPPED + DROP_REASONS.indexOf(reason), count);
  }

  /** What came since the last call. Drops are read first, so that what was dropped is always among what was received. */
  takeCounts(): BoardCounts {
    const dropped: Partial<Record<DropReason, number>> = {};
    DROP_REASONS.forEach((reason, at) => {
      const count = this.#news(DROPPED + at);
      if (count > 0) dropped[reason] = count;
    });
    return { received: this.#news(RECEIVED), dropped };
  }

  /** The words may wrap around: only differences are looked at. */
  #news(at: number): number {
    const now = Atomics.load(this.#words, at);
    const news = (now - this.#seen[at]!) | 0;
    this.#seen[at] = now;
    return news;
  }

  /** Asks both threads to end soon. */
  stop(): void {
    Atomics.store(this.#words, STOPPED, 1);
  }

  get stopped(): boolean {
    return Atomics.load(this.#words, STOPPED) === 1;
  }

  /** Asks the reader to let no frame through until `resume`. */
  pause(): void {
    Atomics.store(this.#words, PAUSED, 1);
  }

  /** The reader has to be woken. */
  resume(): void {
    Atomics.store(this.#words, PAUSED, 0);
  }

  get paused(): boolean {
    return Atomics.load(this.#words, PAUSED) === 1;
  }

  /** No more frames will be put into the ring. */
  end(): void {
    Atomics.store(this.#words, ENDED, 1);
  }

  get ended(): boolean {
    return Atomics.load(this.#words, ENDED) === 1;
  }

  setAsleep(who: Sleeper): void {
    Atomics.store(this.#words, ASLEEP[who], 1);
  }

  /** Takes back that somebody sleeps; true for the one who took it, who then has to ring. */
  wasAsleep(who: Sleeper): boolean {
    return Atomics.exchange(this.#words, ASLEEP[who], 0) === 1;
  }

  /** The detector has sent a report. */
  countReported(): void {
    Atomics.add(this.#words, REPORTED, 1);
  }

  /** The main thread is done with a report. */
  countTaken(): void {
    Atomics.add(this.#words, TAKEN, 1);
  }

  /** Reports on their way, or kept for somebody who takes them one by one: the detector must not run far ahead of them. */
  get unread(): number {
    return (Atomics.load(this.#words, REPORTED) - Atomics.load(this.#words, TAKEN)) | 0;
  }
}
