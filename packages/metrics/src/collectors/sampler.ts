import { type Clock, systemClock } from "../core/clock.ts";
import type { Collected } from "../core/collection.ts";
import { type Duration, parseDuration } from "../core/duration.ts";
import { InferometerError, shown } from "../core/errors.ts";

/** What can be sampled: a registry, or the sums of a cluster or of threads. */
export interface Sampled {
  collect(options: { readonly signal: AbortSignal }): Promise<Collected>;
}

export interface SampleOptions {
  /** From one sample to the next. Default "15s". */
  readonly every?: Duration;
  /** How long the collectors may take; what is not ready then is left out of the sample. Default: the interval, 10 s at most. */
  readonly timeout?: Duration;
  /** Given each sample. While it works, no other is taken. What it throws is counted. */
  readonly onSample?: (sample: Collected) => void | Promise<void>;
  /** Default `systemClock`. */
  readonly clock?: Clock;
}

/**
 * Collects in the background, for a history without a scraper. Each sample goes to `onSample`, and to whoever iterates; nothing is kept besides.
 *
 * Samples never overlap: while one is taken, or `onSample` works on it, those that would be due are skipped and counted in `skipped`. Keeps no
 * process alive, except for a loop that waits for the next sample. Starts with `start()`, and may be started again after `stop()`. For a collector
 * that need not be asked each time see `every()`.
 *
 * Throws OPTION_INVALID, DURATION_INVALID.
 *
 * @example
 * await using sampler = sample(registry, { every: "15s", onSample: ({ snapshot }) => history.append(snapshot) });
 * sampler.start();
 */
export function sample(registry: Sampled, options: SampleOptions = {}): Sampler {
  return new Sampler(registry, options);
}

/** What `sample()` makes. */
export class Sampler implements AsyncDisposable, AsyncIterable<Collected> {
  readonly #registry: Sampled;
  readonly #onSample: SampleOptions["onSample"];
  readonly #everyMs: number;
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  /** Those who wait for the next sample. */
  readonly #waiting: Set<(sample: Collected | undefined) => void> = new Set();
  #timer: NodeJS.Timeout | undefined;
  #due = 0;
  #running: Promise<void> | undefined;
  #abort: AbortController | undefined;
  #started = false;
  /** Samples taken. */
  samples = 0;
  /** Samples that were due while one was still under way. */
  skipped = 0;
  /** How often collecting as a whole, or `onSample`, failed. A single collector that fails is seen in its sample. */
  errors = 0;
  /** Why it last failed; "" after a success. */
  lastError = "";

  constructor(registry: Sampled, options: SampleOptions) {
    if (typeof registry?.collect !== "function")
      throw new InferometerError("OPTION_INVALID", `sample() was given ${shown(registry)}. Give it a registry, or what else has collect().`);
    const { every = "15s", timeout, onSample, clock = systemClock } = options;
    this.#registry = registry;
    this.#onSample = onSample;
    this.#clock = clock;
    this.#everyMs = within("every", every);
    this.#timeoutMs = timeout === undefined ? Math.min(this.#everyMs, 10_000) : within("timeout", timeout);
  }

  get running(): boolean {
    return this.#started;
  }

  /** Takes the first sample at once. Does nothing while it runs. */
  start(): this {
    if (this.#started) return this;
    this.#started = true;
    this.#due = this.#clock.now();
    this.tick();
    return this;
  }

  /** Takes no more samples; the one under way is given up, unless `onSample` has it already. Iterations end. */
  async stop(): Promise<void> {
    this.#started = false;
    clearTimeout(this.#timer);
    this.#abort?.abort();
    await this.#running;
    this.#tell(undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Samples as they come, until `stop()`. One that comes while the loop works on another is not kept for it. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Collected, void, undefined> {
    while (this.#started) {
      const next = await new Promise<Collected | undefined>((resolve) => {
        this.#waiting.add(resolve);
        this.#timer?.ref(); // else the process could end in the middle of the loop
      });
      if (next === undefined) return;
      yield next;
    }
  }

  /** @internal The timer has come. */
  tick(): void {
    if (!this.#started) return;
    const now = this.#clock.now();
    if (now >= this.#due) {
      // At the same distances as before: being late once must not shift all that follow.
      const passed = Math.floor((now - this.#due) / this.#everyMs);
      this.skipped += passed + (this.#running === undefined ? 0 : 1);
      this.#due += (passed + 1) * this.#everyMs;
      if (this.#running === undefined) {
        this.#running = this.#take().finally(() => {
          this.#running = undefined;
        });
      }
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.tick(), Math.max(1, this.#due - now));
    if (this.#waiting.size === 0) this.#timer.unref();
  }

  async #take(): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    const late = setTimeout(() => abort.abort(), this.#timeoutMs).unref();
    try {
      const collected = await this.#registry.collect({ signal: abort.signal });
      if (!this.#started) return; // half of it may be missing
      this.samples++;
      this.#tell(collected);
      await this.#onSample?.(collected);
      this.lastError = "";
    } catch (error) {
      this.errors++;
      this.lastError = error instanceof Error ? error.message : shown(error);
    } finally {
      clearTimeout(late);
    }
  }

  #tell(sample: Collected | undefined): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    this.#timer?.unref();
    for (const resolve of waiting) resolve(sample);
  }
}

function within(name: string, given: Duration): number {
  const ms = parseDuration(given);
  if (ms >= 10 && ms < 2 ** 31) return ms;
  throw new InferometerError("OPTION_INVALID", `${name} is ${shown(given)}. Give a time from "10ms" to "24d".`);
}
