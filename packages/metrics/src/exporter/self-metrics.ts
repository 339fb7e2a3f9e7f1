import type { CounterFamily } from "../core/counter.ts";
import type { Histogram } from "../core/histogram.ts";
import type { Registry } from "../core/registry.ts";
import type { Format } from "../formats/format.ts";
import type { Collectable } from "./collectable.ts";

/** How a scrape ended: `partial` when a collector failed or came too late. */
export type ScrapeStatus = "success" | "partial" | "error";

/** Why a request got no answer, or not all of it. */
export type FailureReason = "collection" | "timeout" | "overload" | "slow_client" | "unauthorized" | "rate_limit";

const FORMATS = ["prometheus-text", "openmetrics", "prometheus-protobuf", "json"] as const satisfies readonly Format["name"][];
const STATUSES = ["success", "partial", "error"] as const satisfies readonly ScrapeStatus[];
const REASONS = ["collection", "timeout", "overload", "slow_client", "unauthorized", "rate_limit"] as const satisfies readonly FailureReason[];

/** What the exporter counts of itself. */
export interface SelfMetrics {
  scraped(format: Format["name"], status: ScrapeStatus, seconds: number): void;
  failed(reason: FailureReason): void;
  reloaded(status: "success" | "error"): void;
}

/** Where the exporter's own metrics go. A Registry is one. */
export type MetricHome = Pick<Registry, "counter" | "histogram">;

/** Whether metrics can be registered here; asked of a shape, since two copies of this library may be loaded. */
export function isMetricHome(registry: Collectable): registry is Collectable & MetricHome {
  return "counter" in registry && typeof registry.counter === "function" && "histogram" in registry && typeof registry.histogram === "function";
}

/** The exporter's own metrics, in a registry; nothing is counted without one. */
export function selfMetrics(home: MetricHome | undefined): SelfMetrics {
  if (home === undefined) return { scraped() {}, failed() {}, reloaded() {} };
  const scrapes: CounterFamily<{ readonly format: Format["name"]; readonly status: ScrapeStatus }> = home.counter("inferometer_scrapes_total", {
    help: "Scrapes answered, by format; partial: a collector failed or came too late.",
    labels: { format: FORMATS, status: STATUSES },
  });
  const duration: Histogram = home.histogram("inferometer_scrape_duration_seconds", {
    help: "Time from a scrape's arrival until its answer is encoded.",
    unit: "seconds",
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 10],
  });
  const errors: CounterFamily<{ readonly reason: FailureReason }> = home.counter("inferometer_scrape_errors_total", {
    help: "Requests to the exporter that got no answer or not all of it.",
    labels: { reason: REASONS },
  });
  return {
    scraped(format, status, seconds) {
      scrapes.inc({ format, status });
      duration.observe(seconds);
    },
    failed: (reason) => errors.inc({ reason }),
    reloaded(status) {
      // Registered at the first use: who has no web config has no such metric.
      const reloads = home.counter("inferometer_web_config_reloads_total", {
        help: "Times that a changed web config was read; error: the old one stays in force.",
        labels: { status: ["success", "error"] },
      });
      reloads.inc({ status });
    },
  };
}
