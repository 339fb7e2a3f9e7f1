import type { Gauge } from "../../core/gauge.ts";
import type { Registry } from "../../core/registry.ts";
import type { FamilySnapshot, Snapshot } from "../../core/snapshot.ts";
import { DROP_REASONS, type DropReason, type OperationStatus, STAGES, type Stage, TRACK_END_REASONS, type TrackEndReason } from "./declarations.ts";

/** Durations of one stage, in seconds. All are 0 where `count` is 0. */
export interface StageSummary {
  readonly count: number;
  readonly sumSeconds: number;
  readonly meanSeconds: number;
  /** Estimated inside a bucket. */
  readonly p50Seconds: number;
  readonly p95Seconds: number;
  readonly p99Seconds: number;
}

/** What the metrics of a vision service hold at one moment. Plain data: it can be written as JSON. */
export interface VisionSummary {
  readonly model: string;
  readonly frames: {
    /** Of all sources and models of the registry. */
    readonly received: number;
    /** Those with status "success". */
    readonly processed: number;
    /** Those with status "error". */
    readonly failed: number;
    readonly dropped: Readonly<Record<DropReason, number>>;
    /** Of all sources and models of the registry. */
    readonly inFlight: number;
  };
  /** Over the last `fpsWindow`; of all models of the registry. */
  readonly framesPerSecond: number;
  readonly latency: Readonly<Record<Stage, StageSummary>>;
  readonly detections: { readonly total: number; readonly byClass: Readonly<Record<string, number>> };
  readonly tracks: { readonly created: number; readonly lost: Readonly<Record<TrackEndReason, number>>; readonly active: number };
  /** Operation -> how many succeeded and failed. */
  readonly redisOperations: Readonly<Record<string, Readonly<Record<OperationStatus, number>>>>;
  readonly errors: { readonly total: number; readonly byComponent: Readonly<Record<string, number>> };
}

const NAMES = [
  "frames_received_total",
  "frames_processed_total",
  "frames_dropped_total",
  "detection_latency_seconds",
  "detections_total",
  "tracks_created_total",
  "tracks_lost_total",
  "active_tracks",
  "redis_operations_total",
  "errors_total",
] as const;

/** Reads summaries out of a registry's snapshots. */
export class SummaryReader {
  readonly #registry: Registry;
  readonly #model: string;
  readonly #inFlight: Gauge;
  readonly #framesPerSecond: () => number;
  #namespace: string | undefined;

  constructor(registry: Registry, options: { readonly model: string; readonly inFlight: Gauge; readonly framesPerSecond: () => number }) {
    this.#registry = registry;
    this.#model = options.model;
    this.#inFlight = options.inFlight;
    this.#framesPerSecond = options.framesPerSecond;
  }

  read(): VisionSummary {
    const namespace = (this.#namespace ??= this.#findNamespace());
    const snapshot = this.#registry.snapshot({ names: NAMES.map((name) => namespace + name) });
    const model = this.#model;
    const of = (name: (typeof NAMES)[number]): Table => new Table(snapshot, namespace + name);
    const processed = of("frames_processed_total").sums("status", { model });
    const byClass = of("detections_total").sums("class", { model });
    const byComponent = of("errors_total").sums("component");
    const operations = of("redis_operations_total");
    return {
      model,
      frames: {
        received: of("frames_received_total").sum(),
        processed: processed.success ?? 0,
        failed: processed.error ?? 0,
        dropped: complete(DROP_REASONS, of("frames_dropped_total").sums("reason", { model })),
        inFlight: this.#inFlight.value(),
      },
      framesPerSecond: this.#framesPerSecond(),
      latency: stagesOf(snapshot.get(`${namespace}detection_latency_seconds`), model),
      detections: { total: total(byClass), byClass },
      tracks: {
        created: of("tracks_created_total").sum({ model }),
        lost: complete(TRACK_END_REASONS, of("tracks_lost_total").sums("reason", { model })),
        active: of("active_tracks").sum({ model }),
      },
      redisOperations: Object.fromEntries(
        Object.keys(operations.sums("operation")).map((operation) => {
          const { success = 0, failure = 0 } = operations.sums("status", { operation });
          return [operation, { success, failure }];
        }),
      ),
      errors: { total: total(byComponent), byComponent },
    };
  }

  /** What stands before our names. A registry does not tell its namespace, but only one prefix has all of our names behind it. */
  #findNamespace(): string {
    const snapshot = this.#registry.snapshot();
    for (const { name } of snapshot) {
      const prefix = name.endsWith(NAMES[0]) ? name.slice(0, -NAMES[0].length) : undefined;
      if (prefix !== undefined && NAMES.every((each) => snapshot.get(prefix + each) !== undefined)) return prefix;
    }
    return ""; // a NoopRegistry's snapshots are empty
  }
}

type Where = Readonly<Record<string, string>>;

/** The series of a family, to be added up. */
class Table {
  readonly #rows: readonly { readonly labels: Where; readonly value: number }[];

  constructor(snapshot: Snapshot, name: string) {
    const family = snapshot.get(name);
    this.#rows = Array.from({ length: family?.length ?? 0 }, (_, row) => ({ labels: family!.labels(row), value: family!.value(row) }));
  }

  sum(where: Where = {}): number {
    return total(this.sums("", where));
  }

  /** A sum for each value of a label. */
  sums(label: string, where: Where = {}): Record<string, number> {
    const sums = new Map<string, number>();
    for (const { labels, value } of this.#rows) {
      if (Object.entries(where).some(([name, wanted]) => labels[name] !== wanted)) continue;
      const key = labels[label] ?? "";
      sums.set(key, (sums.get(key) ?? 0) + value);
    }
    return Object.fromEntries(sums);
  }
}

const total = (sums: Readonly<Record<string, number>>): number => Object.values(sums).reduce((sum, value) => sum + value, 0);

const complete = <K extends string>(keys: readonly K[], sums: Readonly<Record<string, number>>): Record<K, number> =>
  Object.fromEntries(keys.map((key) => [key, sums[key] ?? 0])) as Record<K, number>;

function stagesOf(family: FamilySnapshot | undefined, model: string): Record<Stage, StageSummary> {
  const stages = STAGES.map((stage) => {
    const row = family?.row({ model, stage }) ?? -1;
    const { count, sum } = row === -1 ? { count: 0, sum: 0 } : family!.histogram(row);
    const quantile = (q: number): number => (count === 0 ? 0 : family!.quantile(q, row));
    const meanSeconds = count === 0 ? 0 : sum / count;
    return [stage, { count, sumSeconds: sum, meanSeconds, p50Seconds: quantile(0.5), p95Seconds: quantile(0.95), p99Seconds: quantile(0.99) }];
  });
  return Object.fromEntries(stages) as Record<Stage, StageSummary>;
}
