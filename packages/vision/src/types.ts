/** A rectangle in pixels of the frame: `x`, `y` is its upper left corner. Parts of a pixel are allowed. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** rgb24: three bytes a pixel, red first. gray8: one byte a pixel, luma. Rows follow each other without padding. */
export type PixelFormat = "rgb24" | "gray8";

/** What is known of a stream before its first frame. */
export interface StreamInfo {
  readonly width: number;
  readonly height: number;
  readonly pixelFormat: PixelFormat;
  /** Nominal rate; absent where frames come as they please. */
  readonly framesPerSecond?: number;
}

/** One decoded picture. `data` belongs to whoever decoded it and may be overwritten after the detector has answered: copy what you keep. */
export interface Frame {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly pixelFormat: PixelFormat;
  /** Position in the stream, from 0, frames that were dropped on the way included. */
  readonly index: number;
  /** Presentation time in seconds since the start of the stream: when the picture is to be seen, not when it was decoded. */
  readonly timestampSeconds: number;
}

/** Something seen in a frame. */
export interface Detection {
  readonly box: Box;
  /** What it is: "person", "car", "motion". */
  readonly label: string;
  /** How sure the detector is, from 0 to 1. */
  readonly confidence: number;
}

/** The parts of a detector's work that are timed apart. */
export type DetectorStage = "preprocess" | "inference" | "postprocess";

/** Told by a detector when it has finished a stage. What is never marked counts as inference. */
export interface StageClock {
  mark(stage: DetectorStage): void;
}

/**
 * What finds things in frames. One instance serves one stream: it may keep a memory of earlier frames.
 *
 * @example
 * const bright: Detector = {
 *   name: "bright",
 *   detect: ({ data, width, height }) =>
 *     data.some((value) => value > 250) ? [{ box: { x: 0, y: 0, width, height }, label: "bright", confidence: 1 }] : [],
 * };
 */
export interface Detector {
  /** Used as the `model` label of the metrics. */
  readonly name: string;
  /** Called once before the first frame: load models, allocate. */
  open?(info: StreamInfo): void | Promise<void>;
  detect(frame: Frame, clock?: StageClock): readonly Detection[] | Promise<readonly Detection[]>;
  /** Called once after the last frame. */
  close?(): void | Promise<void>;
}

/** What is really there in a frame: the answer that detections and tracks are held against. */
export interface Truth {
  readonly id: number;
  readonly box: Box;
  readonly label: string;
  /** Share of the whole object that is seen: the rest is behind something, or outside the frame. */
  readonly visibleFraction: number;
}

/** Why a frame that was received never reached the detector. The closed set of the label `reason` of `frames_dropped_total`. */
export type DropReason = "backpressure" | "stale" | "sampled" | "trimmed" | "corrupt" | "paused" | "shutdown";

/** What a source knows of a picture it has just written into the caller's buffer. */
export interface FrameStamp {
  /** Position in the stream, from 0, frames that were lost on the way included. */
  readonly index: number;
  /** Presentation time in seconds since the start of the stream. */
  readonly timestampSeconds: number;
}

/** Something that befell a source and did not end it. Counted by the pipeline, shown in /health. */
export type SourceEvent =
  | { readonly kind: "dropped"; readonly reason: DropReason; readonly count: number }
  | { readonly kind: "decode-error"; readonly type: string; readonly count: number }
  | { readonly kind: "restart"; readonly reason: string }
  | { readonly kind: "up" }
  | { readonly kind: "down"; readonly message: string }
  | { readonly kind: "redis"; readonly operation: string; readonly seconds: number; readonly error?: string }
  | { readonly kind: "lag"; readonly frames: number };

/**
 * Where pictures come from. One reader, one stream: `open`, `read` until it answers undefined, `close`. Runs in a thread of its own.
 * Every picture that a source takes in is either handed out by `read` or told as a "dropped" event: nothing vanishes uncounted.
 */
export interface Source {
  /** Used as the `source` label and in messages: never holds a password. */
  readonly name: string;
  /** Pictures come whether or not anybody is ready for them. */
  readonly live: boolean;
  /** Throws SOURCE_NOT_FOUND, SOURCE_INVALID or PROGRAM_MISSING. `frames` is the expected length, where it is known. */
  open(options?: SourceOpenOptions): Promise<StreamInfo & { readonly frames?: number }>;
  /**
   * Writes the next picture into `into` (`width * height * bytes a pixel`). Undefined at the end of the stream; throws SOURCE_LOST when the
   * source is gone for good. One call at a time.
   */
  read(into: Uint8Array): Promise<FrameStamp | undefined>;
  /** Ends what was started, child processes included; a `read` that waits answers undefined. May be called twice. */
  close(): Promise<void>;
}

export interface SourceOpenOptions {
  /** Size and format that the detector wants; a source that can, delivers just that. Default: the stream's own size, "rgb24". */
  readonly width?: number;
  readonly height?: number;
  readonly pixelFormat?: PixelFormat;
  readonly onEvent?: (event: SourceEvent) => void;
}
