export type { DropReason, FrameStatus, OperationStatus, Stage, TrackEndReason, VisionBuckets } from "./vision/declarations.ts";
export type { SourceMetrics } from "./vision/source-metrics.ts";
export type { StageSummary, VisionSummary } from "./vision/summary.ts";
export { type Detected, type VisionMetrics, type VisionMetricsOptions, visionMetrics } from "./vision/vision-metrics.ts";
