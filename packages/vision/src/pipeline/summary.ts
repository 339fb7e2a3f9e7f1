import type { LostReason } from "../tracking/index.ts";
import type { DropReason } from "../types.ts";
import type { StageLatency } from "./latencies.ts";
import type { PipelineStage } from "./words.ts";

/** Frames so far. `received` is `processed + failed + inFlight` and all that was dropped, at every moment. */
export interface FrameSummary {
  readonly received: number;
  readonly processed: number;
  /** The detector threw. */
  readonly failed: number;
  readonly dropped: Readonly<Record<DropReason, number>>;
  readonly inFlight: number;
}

/** Tracks so far. `created` is `active` and all that were lost, at every moment. */
export interface TrackSummary {
  readonly created: number;
  readonly lost: Readonly<Record<LostReason, number>>;
  readonly active: number;
}

/** "stalled": no frame for `stallAfter`. "down": the source says that it is gone, and tries to come back. */
export type SourceState = "opening" | "running" | "stalled" | "down" | "ended" | "stopped" | "failed";

export interface SourceSummary {
  /** Without passwords. */
  readonly name: string;
  readonly state: SourceState;
  readonly frames: FrameSummary;
  readonly restarts: number;
  readonly decodeErrors: number;
  /** Why it failed, or is down. */
  readonly message?: string;
}

/** Errors of one kind. */
export interface ErrorSummary {
  readonly component: "source" | "detector" | "output" | "redis";
  /** An InferometerError's code, or what the source calls it. */
  readonly type: string;
  readonly count: number;
  /** Of the last one. */
  readonly message: string;
}

/** What `detect` has done so far. */
export interface DetectSummary {
  readonly frames: FrameSummary;
  /** Since `detect` was called, until all sources had ended. */
  readonly seconds: number;
  /** Frames looked at per second, from the first frame's coming to the last one's result. */
  readonly framesPerSecond: number;
  /** How many frames will come; only where every source knows. */
  readonly expectedFrames?: number;
  /** Of frames that were processed; only the stages that took place. */
  readonly latency: Readonly<Partial<Record<PipelineStage, StageLatency>>>;
  /** How often each label was detected. */
  readonly detections: Readonly<Record<string, number>>;
  readonly tracks: TrackSummary;
  /** At most 100 kinds. */
  readonly errors: readonly ErrorSummary[];
  readonly sources: readonly SourceSummary[];
}
