import type { ErrorCode } from "@inferometer/metrics";
import type { TrackEvent } from "../tracking/index.ts";
import type { Box, Detection, SourceEvent, StreamInfo } from "../types.ts";

/** The parts of a frame's way that are timed. `decode`: the reader waited for the source; `queue`: the frame waited for the detector. */
export type PipelineStage = "decode" | "queue" | "preprocess" | "inference" | "postprocess" | "track" | "output" | "total";

export const PIPELINE_STAGES: readonly PipelineStage[] = ["decode", "queue", "preprocess", "inference", "postprocess", "track", "output", "total"];

/** A track that was seen in a frame. */
export interface TrackResult {
  readonly id: number;
  readonly box: Box;
  readonly label: string;
  readonly confidence: number;
}

/** An error on its way between threads. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
}

/** What a detector thread says of a model that was asked to run on one device and runs on another. */
export interface DeviceFallback {
  readonly from: string;
  readonly to: string;
}

/** What the reader's thread says. */
export type ReaderWord =
  | { readonly kind: "named"; readonly name: string; readonly live: boolean }
  | { readonly kind: "opened"; readonly info: StreamInfo; readonly frames?: number; readonly ring: SharedArrayBuffer }
  | { readonly kind: "event"; readonly event: SourceEvent }
  | { readonly kind: "failed"; readonly failure: Failure }
  | { readonly kind: "finished" };

/** All that came of one frame: it is applied in one step. */
export interface FrameReport {
  readonly kind: "frame";
  readonly index: number;
  readonly timestampSeconds: number;
  /** What went wrong, where the detector failed. */
  readonly error?: Failure;
  readonly stageSeconds: Readonly<Record<PipelineStage, number>>;
  readonly detections: readonly Detection[];
  readonly tracks: readonly TrackResult[];
  readonly events: readonly TrackEvent[];
  /** Frames that wait for the detector. */
  readonly waiting: number;
}

/** What the detector's thread says. */
export type DetectorWord =
  | {
      readonly kind: "ready";
      readonly loadSeconds: number;
    }
  /** Where the model runs, told when it is loaded and whenever it had to go elsewhere. */
  | { readonly kind: "device"; readonly device?: string; readonly fallbacks: readonly DeviceFallback[] }
  | FrameReport
  | { readonly kind: "tracks-ended"; readonly events: readonly TrackEvent[] }
  | { readonly kind: "failed"; readonly failure: Failure }
  | { readonly kind: "finished" };

/** What the main thread tells a thread. `wake`: look at the board. */
export type MainWord =
  | { readonly kind: "stop" }
  | { readonly kind: "wake" }
  | { readonly kind: "ring"; readonly ring: SharedArrayBuffer; readonly info: StreamInfo };
