import { latencyBuckets } from "../../core/buckets.ts";
import type { CounterFamily } from "../../core/counter.ts";
import type { HistogramOptions } from "../../core/definitions.ts";
import type { Gauge, GaugeFamily } from "../../core/gauge.ts";
import type { HistogramFamily } from "../../core/histogram.ts";
import type { Registry } from "../../core/registry.ts";
import type { SummaryFamily } from "../../core/summary.ts";

/** What became of a frame that reached the detector. */
export const FRAME_STATUSES = ["success", "error"] as const;
export type FrameStatus = (typeof FRAME_STATUSES)[number];

/** Why a frame that was received never reached the detector. */
export const DROP_REASONS = ["backpressure", "stale", "sampled", "trimmed", "corrupt", "paused", "shutdown"] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** The parts of a frame's way. "total" is the whole of it; it is not the sum of the others, which may overlap or leave out waiting. */
export const STAGES = ["decode", "preprocess", "inference", "postprocess", "track", "total"] as const;
export type Stage = (typeof STAGES)[number];

/** Why a track ended. */
export const TRACK_END_REASONS = ["expired", "left_frame", "duplicate", "stream_end"] as const;
export type TrackEndReason = (typeof TRACK_END_REASONS)[number];

/** How a Redis command ended. */
export const OPERATION_STATUSES = ["success", "failure"] as const;
export type OperationStatus = (typeof OPERATION_STATUSES)[number];

/** Upper bounds, ascending, without +Inf. */
export interface VisionBuckets {
  /** Seconds; of every duration but the tracks'. Default `latencyBuckets`: 1 ms to 10 s. */
  readonly latency?: readonly number[];
  /** Default 0.1 to 0.9 in tenths, 0.95, 0.99. */
  readonly confidence?: readonly number[];
  /** Images in a batch. Default 1, 2, 4 … 64. */
  readonly batchSize?: readonly number[];
  /** Detections in a frame. Default 0, 1, 2, 5, 10, 20, 50, 100. */
  readonly detections?: readonly number[];
  /** Seconds that a track lives. Default 0.1 to 600. */
  readonly trackLifetime?: readonly number[];
}

/** What all declarations depend on. */
export interface DeclarationOptions {
  readonly buckets: VisionBuckets;
  readonly native: HistogramOptions["native"];
  /** Most series of each metric that has the label `class`. */
  readonly seriesLimit: number;
  /** Reads `fps`. */
  readonly framesPerSecond: () => number;
}

type ByModel = { readonly model: string };
type ByClass = { readonly model: string; readonly class: string };
type BySource = { readonly source: string };
type ByOperation = { readonly operation: string };
type ByQueue = { readonly queue_type: string };

/** The metrics of a vision service, declared in one registry. */
export interface VisionDeclarations {
  readonly received: CounterFamily<BySource>;
  readonly processed: CounterFamily<ByModel & { readonly status: FrameStatus }>;
  readonly dropped: CounterFamily<ByModel & { readonly reason: DropReason }>;
  readonly inFlight: Gauge;
  readonly fps: Gauge;
  readonly frameAge: HistogramFamily<BySource>;
  readonly sourceUp: GaugeFamily<BySource>;
  readonly lastFrame: GaugeFamily<BySource>;
  readonly restarts: CounterFamily<BySource & { readonly reason: string }>;
  readonly decodeErrors: CounterFamily<BySource & { readonly type: string }>;
  readonly streamLag: GaugeFamily<BySource>;
  readonly detections: CounterFamily<ByClass>;
  readonly perFrame: HistogramFamily<ByModel>;
  readonly confidence: HistogramFamily<ByClass>;
  readonly latency: HistogramFamily<ByModel & { readonly stage: Stage }>;
  readonly inference: HistogramFamily<ByModel & { readonly device: string }>;
  readonly batchSize: HistogramFamily<ByModel>;
  readonly modelLoad: GaugeFamily<ByModel>;
  readonly fallbacks: CounterFamily<{ readonly from: string; readonly to: string }>;
  readonly activeTracks: GaugeFamily<ByModel>;
  readonly tracksCreated: CounterFamily<ByModel>;
  readonly tracksLost: CounterFamily<ByModel & { readonly reason: TrackEndReason }>;
  readonly trackLifetime: SummaryFamily<ByClass>;
  readonly trackDuration: HistogramFamily<ByClass>;
  readonly redisOperations: CounterFamily<ByOperation & { readonly status: OperationStatus }>;
  readonly redisErrors: CounterFamily<ByOperation & { readonly error_type: string }>;
  readonly redisDuration: HistogramFamily<ByOperation>;
  readonly memory: GaugeFamily<{ readonly type: string }>;
  readonly gpuMemory: GaugeFamily<{ readonly device: string }>;
  readonly errors: CounterFamily<{ readonly component: string; readonly error_type: string }>;
  readonly queueSize: GaugeFamily<ByQueue>;
  readonly queueWait: HistogramFamily<ByQueue>;
}

const CONFIDENCE = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99];
const BATCH_SIZE = [1, 2, 4, 8, 16, 32, 64];
const DETECTIONS = [0, 1, 2, 5, 10, 20, 50, 100];
const TRACK_LIFETIME = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

/** Declares them all. Throws METRIC_CONFLICT where the registry has one of these names declared otherwise; BUCKETS_INVALID. */
export function declareVision(registry: Registry, options: DeclarationOptions): VisionDeclarations {
  return { ...frames(registry, options), ...detections(registry, options), ...tracks(registry, options), ...surroundings(registry, options) };
}

type Part<K extends keyof VisionDeclarations> = Pick<VisionDeclarations, K>;

const seconds = ({ buckets, native }: DeclarationOptions): Pick<HistogramOptions, "buckets" | "native" | "unit"> => ({
  unit: "seconds",
  buckets: buckets.latency ?? latencyBuckets,
  ...(native === undefined ? {} : { native }),
});

function frames(
  registry: Registry,
  options: DeclarationOptions,
): Part<
  "received" | "processed" | "dropped" | "inFlight" | "fps" | "frameAge" | "sourceUp" | "lastFrame" | "restarts" | "decodeErrors" | "streamLag"
> {
  const labels = ["source"] as const;
  return {
    received: registry.counter("frames_received_total", { help: "Frames that a source delivered, those dropped later included.", labels }),
    processed: registry.counter("frames_processed_total", {
      help: "Frames that the detector was given, by outcome.",
      labels: { model: String, status: FRAME_STATUSES },
    }),
    dropped: registry.counter("frames_dropped_total", {
      help: "Frames that were received but never given to the detector, by reason.",
      labels: { model: String, reason: DROP_REASONS },
    }),
    inFlight: registry.gauge("frames_in_flight", { help: "Frames that were received and are neither processed nor dropped yet." }),
    fps: registry.gauge("fps", { help: "Frames processed per second, over the last seconds.", read: options.framesPerSecond }),
    frameAge: registry.histogram("frame_age_seconds", {
      help: "Time from a frame's capture to its result, in seconds.",
      labels,
      ...seconds(options),
    }),
    sourceUp: registry.gauge("source_up", { help: "Whether the source delivers: 1 yes, 0 no.", labels, merge: "min" }),
    lastFrame: registry.gauge("source_last_frame_timestamp_seconds", {
      help: "When the source delivered its last frame, in seconds since 1970.",
      labels,
      merge: "max",
    }),
    restarts: registry.counter("source_restarts_total", { help: "Times that the source was started anew, by reason.", labels: ["source", "reason"] }),
    decodeErrors: registry.counter("decode_errors_total", { help: "Faults that the decoder reported, by type.", labels: ["source", "type"] }),
    streamLag: registry.gauge("redis_stream_lag", { help: "Entries of the Redis stream that are not read yet.", labels }),
  };
}

function detections(
  registry: Registry,
  options: DeclarationOptions,
): Part<"detections" | "perFrame" | "confidence" | "latency" | "inference" | "batchSize" | "modelLoad" | "fallbacks"> {
  const { buckets, seriesLimit } = options;
  const labels = ["model", "class"] as const;
  return {
    detections: registry.counter("detections_total", { help: "Objects detected, by class.", labels, seriesLimit }),
    perFrame: registry.histogram("detections_per_frame", {
      help: "Objects detected in a frame.",
      labels: ["model"],
      buckets: buckets.detections ?? DETECTIONS,
    }),
    confidence: registry.histogram("detection_confidence", {
      help: "How sure the detector was of an object, 0 to 1.",
      labels,
      seriesLimit,
      buckets: buckets.confidence ?? CONFIDENCE,
    }),
    latency: registry.histogram("detection_latency_seconds", {
      help: "Time that a frame spent in a stage, in seconds.",
      labels: { model: String, stage: STAGES },
      ...seconds(options),
    }),
    inference: registry.histogram("model_inference_duration_seconds", {
      help: "Time of a run of the model, in seconds.",
      labels: ["model", "device"],
      ...seconds(options),
    }),
    batchSize: registry.histogram("model_batch_size", {
      help: "Images in a run of the model.",
      labels: ["model"],
      buckets: buckets.batchSize ?? BATCH_SIZE,
    }),
    modelLoad: registry.gauge("model_load_duration_seconds", {
      help: "Time that it took to load the model last, in seconds.",
      labels: ["model"],
      merge: "max",
    }),
    fallbacks: registry.counter("execution_provider_fallback_total", {
      help: "Times that a model was run on another device than the one asked for.",
      labels: ["from", "to"],
    }),
  };
}

function tracks(
  registry: Registry,
  { buckets, seriesLimit }: DeclarationOptions,
): Part<"activeTracks" | "tracksCreated" | "tracksLost" | "trackLifetime" | "trackDuration"> {
  const labels = ["model", "class"] as const;
  return {
    activeTracks: registry.gauge("active_tracks", { help: "Tracks that are alive.", labels: ["model"] }),
    tracksCreated: registry.counter("tracks_created_total", { help: "Tracks that began.", labels: ["model"] }),
    tracksLost: registry.counter("tracks_lost_total", {
      help: "Tracks that ended, by reason.",
      labels: { model: String, reason: TRACK_END_REASONS },
    }),
    trackLifetime: registry.summary("track_lifetime_seconds", { help: "Time that an ended track lived, in seconds.", labels, seriesLimit }),
    // The quantiles of a summary cannot be added up over instances; these buckets can.
    trackDuration: registry.histogram("track_duration_seconds", {
      help: "Time that an ended track lived, in seconds, in buckets that add up over instances.",
      labels,
      seriesLimit,
      buckets: buckets.trackLifetime ?? TRACK_LIFETIME,
    }),
  };
}

function surroundings(
  registry: Registry,
  options: DeclarationOptions,
): Part<"redisOperations" | "redisErrors" | "redisDuration" | "memory" | "gpuMemory" | "errors" | "queueSize" | "queueWait"> {
  return {
    redisOperations: registry.counter("redis_operations_total", {
      help: "Redis operations, by outcome.",
      labels: { operation: String, status: OPERATION_STATUSES },
    }),
    redisErrors: registry.counter("redis_errors_total", { help: "Redis operations that failed, by type.", labels: ["operation", "error_type"] }),
    redisDuration: registry.histogram("redis_operation_duration_seconds", {
      help: "Time of a Redis operation, in seconds.",
      labels: ["operation"],
      ...seconds(options),
    }),
    // Declared as the collector process() does, so that both share it.
    memory: registry.gauge("memory_usage_bytes", { help: "Memory in use, in bytes.", labels: ["type"] }),
    gpuMemory: registry.gauge("gpu_memory_usage_bytes", { help: "Memory in use on a GPU, in bytes.", labels: ["device"] }),
    errors: registry.counter("errors_total", { help: "Errors, by component and type.", labels: ["component", "error_type"] }),
    queueSize: registry.gauge("queue_size", { help: "Entries waiting in a queue.", labels: ["queue_type"] }),
    queueWait: registry.histogram("queue_wait_duration_seconds", {
      help: "Time that an entry waited in a queue, in seconds.",
      labels: ["queue_type"],
      ...seconds(options),
    }),
  };
}
