import { type Clock, systemClock } from "../core/clock.ts";
import type { CollectContext, Collector } from "../core/collector.ts";
import { type Duration, parseDuration } from "../core/duration.ts";
import type { Registry } from "../core/registry.ts";

/**
 * A collector that is asked at most so often, however often somebody scrapes or samples; in between its metrics keep what they say, and a failure
 * stays one. For what is dear, or changes rarely.
 *
 * Throws DURATION_INVALID.
 *
 * @example
 * registry.register(process(), every("1m", host())); // the process at each sample, the host once a minute
 */
export function every(interval: Duration, collector: Collector, options: { readonly clock?: Clock } = {}): Collector {
  return new EveryCollector(collector, { ms: parseDuration(interval), clock: options.clock ?? systemClock });
}

class EveryCollector implements Collector {
  readonly name: string;
  readonly required: boolean;
  readonly #collector: Collector;
  readonly #ms: number;
  readonly #clock: Clock;
  #asked = Number.NEGATIVE_INFINITY;
  #failure: unknown;

  constructor(collector: Collector, { ms, clock }: { readonly ms: number; readonly clock: Clock }) {
    this.name = collector.name;
    this.required = collector.required ?? false;
    this.#collector = collector;
    this.#ms = ms;
    this.#clock = clock;
  }

  register(registry: Registry): void {
    this.#collector.register(registry);
  }

  async collect(context: CollectContext): Promise<void> {
    const now = this.#clock.now();
    // A timer may come a little early, and scrapes are not exact: a twentieth less than the interval is the interval.
    if (now - this.#asked < this.#ms * 0.95) {
      if (this.#failure !== undefined) throw this.#failure;
      return;
    }
    this.#asked = now;
    this.#failure = undefined;
    try {
      await this.#collector.collect(context);
    } catch (error) {
      this.#failure = error ?? new Error("failed");
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#collector.close?.();
  }
}
