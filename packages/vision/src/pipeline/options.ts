import { type Duration, InferometerError, parseDuration, shown } from "@inferometer/metrics";
import type { VisionMetrics } from "@inferometer/metrics/instrument";
import type { DetectorSpec } from "../detectors/index.ts";
import { parseSource, type SourceSpec } from "../sources/index.ts";
import type { TrackerOptions } from "../tracking/index.ts";
import type { PixelFormat } from "../types.ts";
import type { DropPolicy } from "./reader.ts";

export interface DetectOptions {
  /** What to look at: specifications, or texts as `parseSource` reads them. Each gets two threads of its own. */
  readonly sources: readonly (string | SourceSpec)[];
  /** What looks. Default "motion". */
  readonly detector?: "motion" | "people" | DetectorSpec;
  /** Detections below it are left out, 0 to 1. Default: the detector's own threshold. */
  readonly confidence?: number;
  /** Looks at the first of so many frames; the others count as dropped, "sampled". Default 1. */
  readonly every?: number;
  /** Looks at no more frames per second of the stream's own time; the others count as dropped, "sampled". Default: all. */
  readonly maxFramesPerSecond?: number;
  /** A frame that has waited longer for the detector is dropped as "stale". Default: none is. */
  readonly maxAge?: Duration;
  /**
   * What happens when frames come quicker than the detector can look. "wait": the source waits. "drop-oldest", "drop-newest": a frame is dropped,
   * "backpressure". Default: "wait" for files, "drop-oldest" for what is live.
   */
  readonly drop?: DropPolicy;
  /** Frames that may wait for the detector, 1 to 64. Default 3. */
  readonly queueSize?: number;
  /** Follow what is found from frame to frame. Default true. */
  readonly track?: boolean;
  /** How tracks are made. Default: the Tracker's own. */
  readonly tracker?: Omit<TrackerOptions, "frame">;
  /** Where everything is recorded. Default: nowhere; `summary()` tells the essentials anyway. */
  readonly metrics?: VisionMetrics;
  /**
   * Writes the frames with boxes, ids and labels drawn in: a video ("annotated.mp4"), or pictures ("out/", "out/%06d.jpg"). Needs ffmpeg. Where
   * there are several sources, the second's goes to "annotated-2.mp4" or "out/2/" and so on. Default: not written.
   */
  readonly output?: string;
  /** The ffmpeg that writes the output, and reads those sources that name none of their own. Default: FFMPEG_PATH, else "ffmpeg". */
  readonly ffmpeg?: string;
  /** The detector may fail on so many frames in a row, less one, before it is given up. Default 30. */
  readonly maxFailures?: number;
  /**
   * A source that gives no frame for so long is "stalled" in the summary, and not up in the metrics; a video or camera is then started anew, if its
   * own `stallAfter` is not another. Default "10s".
   */
  readonly stallAfter?: Duration;
  /** Stops like `stop()`. */
  readonly signal?: AbortSignal;
}

/** The options with their defaults filled in and checked. */
export interface Settings {
  readonly sources: readonly SourceSpec[];
  readonly detector: DetectorSpec;
  /** Asked of the sources. Default: whatever they have. */
  readonly pixelFormat?: PixelFormat;
  readonly confidence: number;
  readonly every: number;
  readonly maxFramesPerSecond: number;
  readonly maxAgeSeconds: number;
  readonly drop?: DropPolicy;
  readonly queueSize: number;
  readonly tracker?: TrackerOptions;
  readonly metrics?: VisionMetrics;
  readonly output?: string;
  readonly ffmpeg: string;
  readonly maxFailures: number;
  readonly stallAfterSeconds: number;
}

const DROP_POLICIES: readonly (string | undefined)[] = ["wait", "drop-oldest", "drop-newest", undefined];

/** Throws OPTION_INVALID, DURATION_INVALID and what `parseSource` throws. */
export function checkedSettings(options: DetectOptions): Settings {
  const { sources, detector = "motion", confidence, every = 1, maxFramesPerSecond = Number.POSITIVE_INFINITY, maxAge, drop } = options;
  const { queueSize = 3, track = true, tracker = {}, maxFailures = 30, stallAfter = "10s", output, metrics } = options;
  if (!Array.isArray(sources) || sources.length === 0) throw invalid("sources", sources, 'at least one source, such as ["video.mp4"]');
  if (confidence !== undefined && !(confidence >= 0 && confidence <= 1)) throw invalid("confidence", confidence, "a number from 0 to 1");
  if (!(Number.isInteger(every) && every >= 1)) throw invalid("every", every, "a whole number from 1");
  if (!(maxFramesPerSecond > 0)) throw invalid("maxFramesPerSecond", maxFramesPerSecond, "a number above 0");
  if (!DROP_POLICIES.includes(drop)) throw invalid("drop", drop, '"wait", "drop-oldest" or "drop-newest"');
  if (!(Number.isInteger(queueSize) && queueSize >= 1 && queueSize <= 64)) throw invalid("queueSize", queueSize, "a whole number from 1 to 64");
  if (!(Number.isInteger(maxFailures) && maxFailures >= 1)) throw invalid("maxFailures", maxFailures, "a whole number from 1");
  if (output === "") throw invalid("output", output, 'a path such as "annotated.mp4" or "out/"');
  if (typeof detector === "string" && detector !== "motion" && detector !== "people") {
    throw invalid("detector", detector, '"motion", "people" or a specification such as { kind: "onnx", model: "model.onnx" }');
  }
  const spec = typeof detector === "string" ? { kind: detector } : plain("detector", detector);
  return {
    sources: sources.map((source: string | SourceSpec) =>
      withDefaults(typeof source === "string" ? parseSource(source) : plain("sources", source), options),
    ),
    // The detector's own threshold decides what it finds at all; those that have none are held to it afterwards.
    detector: confidence === undefined || spec.kind === "motion" || spec.kind === "module" ? spec : { ...spec, confidence },
    confidence: confidence ?? 0,
    every,
    maxFramesPerSecond,
    maxAgeSeconds: maxAge === undefined ? Number.POSITIVE_INFINITY : parseDuration(maxAge) / 1000,
    queueSize,
    ffmpeg: options.ffmpeg ?? (process.env["FFMPEG_PATH"] || "ffmpeg"),
    maxFailures,
    stallAfterSeconds: parseDuration(stallAfter) / 1000,
    ...(output === undefined && looksAtGrey(spec) ? { pixelFormat: "gray8" as const } : {}),
    ...(drop === undefined ? {} : { drop }),
    ...(track ? { tracker: plain("tracker", tracker) } : {}),
    ...(metrics === undefined ? {} : { metrics }),
    ...(output === undefined ? {} : { output }),
  };
}

function invalid(option: string, value: unknown, wanted: string): InferometerError {
  return new InferometerError("OPTION_INVALID", `${option} is ${shown(value)}. Give ${wanted}.`);
}

/**
 * Detectors that make colours grey at once. Grey pictures are a third of the bytes, and ffmpeg has them without a conversion: a fifth more frames a
 * second with "motion", a tenth with "people" (640x360 and 768x576). A drawn output needs the colours.
 */
function looksAtGrey(spec: DetectorSpec): boolean {
  return spec.kind === "people" || (spec.kind === "motion" && spec.colour !== true);
}

/** What holds for all sources, where one does not say otherwise itself. */
function withDefaults(spec: SourceSpec, { ffmpeg, stallAfter }: DetectOptions): SourceSpec {
  if (spec.kind === "synthetic") return spec;
  const program = ffmpeg === undefined ? {} : { ffmpeg };
  return spec.kind === "video" && stallAfter !== undefined ? { ...program, stallAfter, ...spec } : { ...program, ...spec };
}

/** A copy, which also shows that it can be handed to a thread. */
function plain<T>(option: string, value: T): T {
  try {
    return structuredClone(value);
  } catch (error) {
    throw new InferometerError("OPTION_INVALID", `${option} holds what no thread can be given (${(error as Error).message}). Give a plain object.`);
  }
}
