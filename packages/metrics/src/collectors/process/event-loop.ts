import { createHistogram, type EventLoopUtilization, performance, type RecordableHistogram } from "node:perf_hooks";
import type { Clock } from "../../core/clock.ts";
import type { Counter } from "../../core/counter.ts";
import type { Gauge } from "../../core/gauge.ts";
import type { Histogram } from "../../core/histogram.ts";
import type { Registry } from "../../core/registry.ts";

const MICROSECONDS = 1e6;
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;
const PERCENTILES = [50, 90, 99] as const;

/**
 * How late the event loop is. A timer measures by how much it comes too late; Node's own monitorEventLoopDelay counts its interval in (an idle
 * loop has a "delay" of 10 ms there), and its histogram cannot be read out as buckets. A loop that is blocked for a second gives one value of a
 * second, not fifty.
 *
 * Only one who holds the buckets can say something about several processes or another window; the percentiles that Node users know stand
 * beside them, since the last scrape.
 */
export class EventLoopDelay {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #delay: Histogram;
  readonly #last: Gauge;
  readonly #recent: RecordableHistogram = createHistogram({ lowest: 1, highest: 3600 * MICROSECONDS, figures: 2 });
  readonly #gauges: readonly (readonly [gauge: Gauge, read: (recent: RecordableHistogram) => number])[];
  #timer: NodeJS.Timeout | undefined;
  #before: number;

  constructor(registry: Registry, { clock, intervalMs }: { readonly clock: Clock; readonly intervalMs: number }) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    const help = "How late the event loop was, in seconds.";
    this.#delay = registry.histogram("nodejs_eventloop_delay_seconds", { help, buckets: BUCKETS });
    const gauge = (name: string, what: string, merge: "min" | "max" | "mean") =>
      registry.gauge(`nodejs_eventloop_lag${name}_seconds`, { help: `${what} event loop delay since the last scrape, in seconds.`, merge });
    this.#last = registry.gauge("nodejs_eventloop_lag_seconds", { help: "How late the event loop was last, in seconds.", merge: "max" });
    this.#gauges = [
      [gauge("_min", "Least", "min"), (recent) => recent.min],
      [gauge("_max", "Greatest", "max"), (recent) => recent.max],
      [gauge("_mean", "Mean", "mean"), (recent) => recent.mean],
      [gauge("_stddev", "Standard deviation of the", "max"), (recent) => recent.stddev],
      ...PERCENTILES.map((p) => [gauge(`_p${p}`, `${p}th percentile of the`, "max"), (recent: RecordableHistogram) => recent.percentile(p)] as const),
    ];
    this.#before = clock.now();
    this.#timer = setInterval(() => this.tick(), intervalMs);
    this.#timer.unref();
  }

  /** @internal The timer has come. */
  tick(): void {
    const now = this.#clock.now();
    const late = Math.max(0, now - this.#before - this.#intervalMs) / 1000;
    this.#before = now;
    this.#delay.observe(late);
    this.#last.set(late);
    this.#recent.record(Math.max(1, Math.round(late * MICROSECONDS)));
  }

  read(): void {
    if (this.#recent.count === 0) return; // asked again at once: what was said stands
    for (const [gauge, of] of this.#gauges) gauge.set(of(this.#recent) / MICROSECONDS);
    this.#recent.reset();
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

/** How long the event loop worked and how long it waited. */
export class EventLoopTime {
  readonly #active: Counter;
  readonly #idle: Counter;
  readonly #ratio: Gauge;
  #before: EventLoopUtilization;

  constructor(registry: Registry) {
    const help = "Time that the event loop worked (active) and waited (idle), in seconds.";
    const time = registry.counter("nodejs_eventloop_time_seconds_total", { help, labels: { state: ["active", "idle"] } });
    this.#active = time.labels({ state: "active" });
    this.#idle = time.labels({ state: "idle" });
    const ratio = "Part of the time since the last scrape that the event loop worked, 0 to 1.";
    this.#ratio = registry.gauge("nodejs_eventloop_utilization_ratio", { help: ratio, merge: "mean" });
    this.#before = performance.eventLoopUtilization();
  }

  read(): void {
    const now = performance.eventLoopUtilization();
    this.#active.mirror(now.active / 1000);
    this.#idle.mirror(now.idle / 1000);
    const active = now.active - this.#before.active;
    const all = active + now.idle - this.#before.idle;
    if (all > 0) this.#ratio.set(active / all);
    this.#before = now;
  }
}
