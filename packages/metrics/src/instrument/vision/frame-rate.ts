import type { Clock } from "../../core/clock.ts";

const SLOTS = 20;
/** A rate over less than this would jump with each frame. */
const LEAST_MS = 1000;

/**
 * Events per second over a sliding window. An event costs a coarse clock read and an addition; the rate is worked out when it is asked for.
 *
 *   oldest                    now
 *   |  4 |  5 |  5 |  6 | … | 2|      a count for each of 20 parts of the window, and the part that is running
 */
export class FrameRate {
  readonly #clock: Clock;
  readonly #slotMs: number;
  readonly #counts: Float64Array = new Float64Array(SLOTS + 1);
  #slot = 0;
  #since = Number.NaN;

  constructor(clock: Clock, windowMs: number) {
    this.#clock = clock;
    this.#slotMs = windowMs / SLOTS;
  }

  add(count: number): void {
    const now = this.#clock.coarse();
    if (!(this.#since <= now)) this.#since = now; // the first event, or a clock that was turned back
    this.#advance(now);
    this.#counts[this.#slot % this.#counts.length]! += count;
  }

  /** 0 before the first event, and once a window has passed without one. */
  perSecond(): number {
    const now = this.#clock.now();
    if (!(this.#since <= now)) return 0;
    this.#advance(now);
    let sum = 0;
    for (const count of this.#counts) sum += count;
    const oldest = (this.#slot - SLOTS) * this.#slotMs;
    return (sum * 1000) / Math.max(LEAST_MS, now - Math.max(oldest, this.#since));
  }

  #advance(now: number): void {
    const slot = Math.floor(now / this.#slotMs);
    const { length } = this.#counts;
    // The coarse clock lags behind the exact one: what comes late counts in the part that is running.
    if (slot <= this.#slot) return;
    if (slot - this.#slot >= length) this.#counts.fill(0);
    else for (let k = this.#slot + 1; k <= slot; k++) this.#counts[k % length] = 0;
    this.#slot = slot;
  }
}
