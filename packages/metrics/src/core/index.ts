export { byteBuckets, exponentialBuckets, latencyBuckets, linearBuckets, ratioBuckets } from "./buckets.ts";
export { type Clock, ManualClock, systemClock } from "./clock.ts";
export type { Collected, CollectorState } from "./collection.ts";
export type { CollectContext, Collector } from "./collector.ts";
export { Counter, CounterFamily } from "./counter.ts";
export { registry } from "./default-registry.ts";
export type { GaugeOptions, HistogramOptions, LintMode, MetricOptions, SummaryOptions } from "./definitions.ts";
export { type Duration, parseDuration } from "./duration.ts";
export { type ErrorCode, InferometerError, shown } from "./errors.ts";
export type { RecordOptions } from "./exemplar.ts";
export { Gauge, GaugeFamily } from "./gauge.ts";
export { Histogram, HistogramFamily } from "./histogram.ts";
export { Info } from "./info.ts";
export type { LabelSpec, Labels, LabelsOf } from "./labels.ts";
export { Merger, merge } from "./merge.ts";
export type { Metric } from "./metric.ts";
export { type LintProblem, lintMetric } from "./names.ts";
export { NoopRegistry } from "./noop.ts";
export { Registry, type RegistryOptions, type SnapshotOptions } from "./registry.ts";
export { type LabelValue, SeriesTable } from "./series-table.ts";
export {
  type Exemplar,
  type FamilyData,
  FamilySnapshot,
  type HistogramPoint,
  type MergeRule,
  type MetricType,
  type NativeBuckets,
  type NativeHistogram,
  nativeCount,
  Snapshot,
  type SummaryPoint,
} from "./snapshot.ts";
export { StateSet, StateSetFamily } from "./state-set.ts";
export { Distribution, type Statistics } from "./statistics.ts";
export { Summary, SummaryFamily } from "./summary.ts";
export { type PendingTimer, Timer } from "./timer.ts";
