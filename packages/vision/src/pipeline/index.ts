export { type Detecting, detect } from "./detect.ts";
export type { StageLatency } from "./latencies.ts";
export type { DetectOptions } from "./options.ts";
export type { DropPolicy } from "./reader.ts";
export type { FrameResult } from "./results.ts";
export type { DetectSummary, ErrorSummary, FrameSummary, SourceState, SourceSummary, TrackSummary } from "./summary.ts";
export type { PipelineStage, TrackResult } from "./words.ts";
