import { constants, PerformanceObserver } from "node:perf_hooks";
import type { Histogram, HistogramFamily } from "../../core/histogram.ts";
import type { Registry } from "../../core/registry.ts";

const BUCKETS = [0.0001, 0.001, 0.01, 0.1, 1, 2, 5] as const;
const KINDS = ["major", "minor", "incremental", "weakcb"] as const;
type Kind = (typeof KINDS)[number];

const KIND_OF: Readonly<Record<number, Kind>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: "major",
  [constants.NODE_PERFORMANCE_GC_MINOR]: "minor",
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: "incremental",
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: "weakcb",
};

/** What V8 reports of a collection. */
export interface GarbageEntry {
  /** Milliseconds. */
  readonly duration: number;
  readonly detail?: unknown;
}

/** `nodejs_gc_duration_seconds{kind}`. V8 reports collections in batches; each entry of a batch counts. */
export class Garbage {
  readonly #held: Readonly<Record<Kind, Histogram>>;
  readonly #observer: PerformanceObserver;

  constructor(registry: Registry) {
    const help = "Time that garbage collections took, in seconds.";
    const durations: HistogramFamily<{ readonly kind: Kind }> = registry.histogram("nodejs_gc_duration_seconds", {
      help,
      buckets: BUCKETS,
      labels: { kind: KINDS },
    });
    const of = (kind: Kind): Histogram => durations.labels({ kind });
    this.#held = { major: of("major"), minor: of("minor"), incremental: of("incremental"), weakcb: of("weakcb") };
    this.#observer = new PerformanceObserver((list) => this.take(list.getEntries()));
    this.#observer.observe({ entryTypes: ["gc"] });
  }

  /** @internal */
  take(entries: readonly GarbageEntry[]): void {
    for (const { detail, duration } of entries) {
      const kind = KIND_OF[(detail as { readonly kind?: number } | undefined)?.kind ?? -1];
      if (kind !== undefined) this.#held[kind].observe(duration / 1000);
    }
  }

  /** Takes what was reported but not handed over yet. */
  read(): void {
    this.take(this.#observer.takeRecords());
  }

  close(): void {
    this.#observer.disconnect();
  }
}
