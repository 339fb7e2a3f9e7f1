import type { Clock } from "../core/clock.ts";

/** A token bucket: a request an interval, and `burst` at once after a pause. */
export class RateLimit {
  readonly #intervalMs: number;
  readonly #burst: number;
  readonly #clock: Clock;
  #tokens: number;
  #filledAt: number;

  constructor(limit: { readonly intervalMs: number; readonly burst: number }, clock: Clock) {
    this.#intervalMs = limit.intervalMs;
    this.#burst = limit.burst;
    this.#clock = clock;
    this.#tokens = limit.burst;
    this.#filledAt = clock.now();
  }

  /** Takes a token if there is one. */
  allows(): boolean {
    const now = this.#clock.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#filledAt) / this.#intervalMs);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
