import { type Clock, systemClock } from "../../core/clock.ts";
import type { Counter } from "../../core/counter.ts";
import { registry as defaultRegistry } from "../../core/default-registry.ts";
import type { HistogramOptions } from "../../core/definitions.ts";
import { type Duration, parseDuration } from "../../core/duration.ts";
import { InferometerError, shown } from "../../core/errors.ts";
import type { Gauge } from "../../core/gauge.ts";
import type { Histogram } from "../../core/histogram.ts";
import type { Registry } from "../../core/registry.ts";
import type { Timer } from "../../core/timer.ts";
import { Balance } from "./balance.ts";
import {
  DROP_REASONS,
  type DropReason,
  declareVision,
  type FrameStatus,
  STAGES,
  type Stage,
  type TrackEndReason,
  type VisionBuckets,
  type VisionDeclarations,
} from "./declarations.ts";
import { FrameRate } from "./frame-rate.ts";
import { SourceMetrics, type SourceParts, withoutCredentials } from "./source-metrics.ts";
import { SummaryReader, type VisionSummary } from "./summary.ts";

export interface VisionMetricsOptions {
  /** The value of the label `model`: which detector the metrics are of. */
  readonly model: string;
  /** Where the metrics are declared; its namespace stands before their names. Default: the default registry. */
  readonly registry?: Registry;
  /** The source that `frameReceived` and `frameAge` mean. Default "default". */
  readonly source?: string;
  /** Bounds of the histograms. Default: see VisionBuckets. */
  readonly buckets?: VisionBuckets;
  /** Native buckets beside the classic ones, for the histograms of durations that use `buckets.latency`. Default: none. */
  readonly native?: NonNullable<HistogramOptions["native"]>;
  /** How far back `fps` looks, at least "1s". Default "10s". */
  readonly fpsWindow?: Duration;
  /** Most series of each metric with the label `class`; further classes go to one overflow series. Default 1000. */
  readonly classLimit?: number;
  /** Default `systemClock`. */
  readonly clock?: Clock;
}

/** What is recorded of a detection. */
export interface Detected {
  /** The class: "person". */
  readonly label: string;
  /** 0 to 1. */
  readonly confidence: number;
}

/** The frame rate of each `fps` gauge: visionMetrics of one registry add to the same. */
const RATES: WeakMap<Gauge, FrameRate> = new WeakMap();

interface ClassSeries {
  readonly count: Counter;
  readonly confidence: Histogram;
}

/**
 * What `visionMetrics` makes. Names of classes, devices, operations and the like become label values: keep them to words out of a small set.
 * Each number is checked by the metric that takes it: VALUE_INVALID for NaN and infinities, and for counts below 0.
 */
export class VisionMetrics {
  /** The value of the label `model`. */
  readonly model: string;
  readonly #declared: VisionDeclarations;
  readonly #clock: Clock;
  readonly #rate: FrameRate;
  readonly #defaultSource: string;
  readonly #classLimit: number;
  readonly #summary: SummaryReader;
  // Held series: a record through them costs no look-up.
  readonly #success: Counter;
  readonly #failed: Counter;
  readonly #dropped: ReadonlyMap<string, Counter>;
  readonly #stages: ReadonlyMap<string, Histogram>;
  readonly #perFrame: Histogram;
  readonly #tracksCreated: Counter;
  readonly #activeTracks: Balance;
  readonly #inFlight: Balance;
  readonly #classes: Map<string, ClassSeries> = new Map();
  readonly #sources: Map<string, SourceMetrics> = new Map();
  #source: SourceMetrics | undefined;

  /** @internal Made by `visionMetrics`. Declares the metrics. */
  constructor(options: VisionMetricsOptions) {
    const { model, registry = defaultRegistry, source = "default", buckets = {}, native, classLimit = 1000, clock = systemClock } = options;
    for (const [option, value] of Object.entries({ model, source })) {
      if (typeof value !== "string" || value === "")
        throw new InferometerError(
          "OPTION_INVALID",
          `${option} is ${shown(value)}. Give the name that the label ${option} shall have, such as "owlv2".`,
        );
    }
    const windowMs = parseDuration(options.fpsWindow ?? "10s");
    if (!(windowMs >= 1000))
      throw new InferometerError("OPTION_INVALID", `fpsWindow is ${shown(options.fpsWindow)}. Give a duration of at least "1s".`);
    const rate = new FrameRate(clock, windowMs);
    const declared = declareVision(registry, { buckets, native, seriesLimit: classLimit, framesPerSecond: () => rate.perSecond() });
    const shared = RATES.get(declared.fps);
    if (shared === undefined) RATES.set(declared.fps, rate);
    this.model = model;
    this.#declared = declared;
    this.#clock = clock;
    this.#rate = shared ?? rate;
    this.#defaultSource = source;
    this.#classLimit = classLimit;
    this.#summary = new SummaryReader(registry, { model, inFlight: declared.inFlight, framesPerSecond: () => this.#rate.perSecond() });
    this.#success = declared.processed.labels({ model, status: "success" });
    this.#failed = declared.processed.labels({ model, status: "error" });
    this.#dropped = new Map(DROP_REASONS.map((reason) => [reason, declared.dropped.labels({ model, reason })]));
    this.#stages = new Map(STAGES.map((stage) => [stage, declared.latency.labels({ model, stage })]));
    this.#perFrame = declared.perFrame.labels({ model });
    this.#tracksCreated = declared.tracksCreated.labels({ model });
    this.#activeTracks = Balance.of(declared.activeTracks.labels({ model }));
    this.#inFlight = Balance.of(declared.inFlight);
    declared.tracksLost.labels({ model, reason: "expired" }); // and with it those of the other reasons, at 0
  }

  // Frames: received = processed + dropped + in flight, after every call.

  /** The calls of one source, where there are several. Asked again for a name, it returns the same. A user and password in a URL are left out. */
  source(name: string): SourceMetrics {
    const known = this.#sources.get(name);
    if (known !== undefined) return known;
    const source = this.newSource(withoutCredentials(name), { declared: this.#declared, clock: this.#clock });
    if (this.#sources.size < this.#classLimit) this.#sources.set(name, source);
    return source;
  }

  /** Counts frames (default 1) that the source of the options delivered; they are in flight until it is told what became of them. */
  frameReceived(count = 1): void {
    (this.#source ??= this.source(this.#defaultSource)).frameReceived(count);
  }

  /** Counts a frame that went through the detector; default "success". */
  frameProcessed(status: FrameStatus = "success"): void {
    if (status === "success") this.#success.inc();
    else if (status === "error") this.#failed.inc();
    else this.#declared.processed.inc({ model: this.model, status }); // throws, and says what there is
    this.#inFlight.add(-1);
    this.#rate.add(1);
  }

  /** Counts frames (default 1) that never reached the detector; default "backpressure". */
  frameDropped(reason: DropReason = "backpressure", count = 1): void {
    (this.#dropped.get(reason) ?? this.#declared.dropped.labels({ model: this.model, reason })).inc(count);
    this.#inFlight.add(-count);
  }

  /** Records the seconds from a frame's capture to its result, for the source of the options. */
  frameAge(seconds: number): void {
    (this.#source ??= this.source(this.#defaultSource)).frameAge(seconds);
  }

  // Detections and what they cost.

  /** Counts what was found in a frame, by class, with confidences, and how much it was. An empty list counts as a frame in which nothing was found. */
  detected(detections: readonly Detected[]): void;
  /** Counts one object. */
  detected(label: string, confidence: number): void;
  detected(found: readonly Detected[] | string, confidence?: number): void {
    if (typeof found === "string") {
      this.#count(found, confidence!);
      return;
    }
    for (const detection of found) this.#count(detection.label, detection.confidence);
    this.#perFrame.observe(found.length);
  }

  /** Records the seconds that a frame spent in a stage. */
  latency(stage: Stage, seconds: number): void {
    this.#stage(stage).observe(seconds);
  }

  /**
   * Starts a timer that records the stage when it stops.
   *
   * @example
   * { using _ = vision.stage("inference"); await model.detect(frame); }
   */
  stage(stage: Stage): Timer {
    return this.#stage(stage).startTimer();
  }

  /** Runs `work` and records its seconds under the stage, also when it fails. Returns its result; awaits a promise. */
  time<T>(stage: Stage, work: () => T): T {
    return this.#stage(stage).time(work);
  }

  /** Records a run of the model. `device`: default "cpu". `batchSize`: images in it; default: not recorded. */
  modelInference(seconds: number, { device = "cpu", batchSize }: { readonly device?: string; readonly batchSize?: number } = {}): void {
    this.#declared.inference.observe({ model: this.model, device }, seconds);
    if (batchSize !== undefined) this.#declared.batchSize.observe({ model: this.model }, batchSize);
  }

  /** Sets how many seconds it took to load the model. */
  modelLoaded(seconds: number): void {
    this.#declared.modelLoad.set({ model: this.model }, seconds);
  }

  /** Counts that the model runs on another device or execution provider than the one asked for, such as "cuda" to "cpu". */
  providerFallback(from: string, to: string): void {
    this.#declared.fallbacks.inc({ from, to });
  }

  // Tracks: created - lost = active, after every call.

  /** Counts tracks (default 1) that began; they are active until `trackLost`. */
  trackCreated(count = 1): void {
    this.#tracksCreated.inc(count);
    this.#activeTracks.add(count);
  }

  /** Counts a track that ended. With `label` (its class) and `seconds`, how long it lived is recorded too. */
  trackLost(reason: TrackEndReason, { label, seconds }: { readonly label?: string; readonly seconds?: number } = {}): void {
    const { model } = this;
    if (label !== undefined && seconds !== undefined) {
      this.#declared.trackLifetime.observe({ model, class: label }, seconds); // first, since it is the one that may refuse
      this.#declared.trackDuration.observe({ model, class: label }, seconds);
    }
    this.#declared.tracksLost.inc({ model, reason });
    this.#activeTracks.add(-1);
  }

  /** Sets how many tracks are active, for a tracker that does not tell of each. */
  activeTracks(count: number): void {
    this.#declared.activeTracks.set({ model: this.model }, count);
  }

  // What the service stands on.

  /** Records a Redis operation. `error`: what kind of failure it was, such as "timeout" or an error's `code`; default: it succeeded. */
  redisOperation(operation: string, seconds: number, { error }: { readonly error?: string } = {}): void {
    this.#declared.redisDuration.observe({ operation }, seconds);
    this.#declared.redisOperations.inc({ operation, status: error === undefined ? "success" : "failure" });
    if (error !== undefined) this.#declared.redisErrors.inc({ operation, error_type: error });
  }

  /** Sets the memory in use, such as `memory("rss", process.memoryUsage.rss())`. The collector `process()` does so by itself. */
  memory(type: string, bytes: number): void {
    this.#declared.memory.set({ type }, bytes);
  }

  /** Sets the memory in use on a GPU, such as `gpuMemory("cuda:0", bytes)`. */
  gpuMemory(device: string, bytes: number): void {
    this.#declared.gpuMemory.set({ device }, bytes);
  }

  /** Counts an error, such as `error("detector", "timeout")`. `count`: so many of them. Default 1. */
  error(component: string, type: string, { count = 1 }: { readonly count?: number } = {}): void {
    this.#declared.errors.inc({ component, error_type: type }, count);
  }

  /** Sets how many entries wait in a queue, such as `queueSize("frames", 3)`. */
  queueSize(queue: string, size: number): void {
    this.#declared.queueSize.set({ queue_type: queue }, size);
  }

  /** Records how many seconds an entry waited in a queue. */
  queueWait(queue: string, seconds: number): void {
    this.#declared.queueWait.observe({ queue_type: queue }, seconds);
  }

  /** What the metrics hold at this moment, for alert checks and reports. Of sources, Redis and errors: what is in the whole registry. */
  summary(): VisionSummary {
    return this.#summary.read();
  }

  /** @internal */
  protected newSource(name: string, parts: SourceParts): SourceMetrics {
    return new SourceMetrics(name, parts);
  }

  #stage(stage: Stage): Histogram {
    return this.#stages.get(stage) ?? this.#declared.latency.labels({ model: this.model, stage });
  }

  #count(label: string, confidence: number): void {
    const held = this.#classes.get(label);
    if (held !== undefined) {
      held.confidence.observe(confidence); // first, since it is the one that may refuse
      held.count.inc();
      return;
    }
    const labels = { model: this.model, class: label };
    const { detections, confidence: confidences } = this.#declared;
    confidences.observe(labels, confidence);
    detections.inc(labels);
    // Not held: what went to the overflow series, so that each such record is counted as one.
    if (detections.value(labels) > 0 && confidences.distribution(labels).count > 0)
      this.#classes.set(label, { count: detections.labels(labels), confidence: confidences.labels(labels) });
  }
}
