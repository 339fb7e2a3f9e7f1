/**
 * Waiting times between attempts: each twice the one before, up to `longestMs`, and each shortened by up to a half at random, so that many
 * who lost the same server do not come back at the same moment.
 */
export class Backoff {
  readonly #firstMs: number;
  readonly #longestMs: number;
  readonly #random: () => number;
  #tries = 0;

  /** Defaults: 250 ms, 10 s, Math.random. */
  constructor({ firstMs = 250, longestMs = 10_000, random = Math.random }: { firstMs?: number; longestMs?: number; random?: () => number } = {}) {
    this.#firstMs = firstMs;
    this.#longestMs = longestMs;
    this.#random = random;
  }

  /** Attempts since the last success. */
  get tries(): number {
    return this.#tries;
  }

  nextMs(): number {
    const full = Math.min(this.#longestMs, this.#firstMs * 2 ** this.#tries++);
    return full * (1 - this.#random() / 2);
  }

  succeeded(): void {
    this.#tries = 0;
  }
}
