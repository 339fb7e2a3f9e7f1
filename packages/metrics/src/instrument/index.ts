export type { DropReason, FrameStatus, OperationStatus, Stage, TrackEndReason, VisionBuckets } from "./vision/declarations.ts";
export type { SourceMetrics } from "./vision/source-metrics.ts";
export type { StageSummary, VisionSummary } from "./vision/summary.ts";
export { visionMetrics } from "./vision/vision.ts";
export type { Detected, VisionMetrics, VisionMetricsOptions } from "./vision/vision-metrics.ts";
