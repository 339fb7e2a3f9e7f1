import type { SourceMetrics, VisionMetrics } from "@inferometer/metrics/instrument";
import type { LostReason, Track, TrackEvent } from "../tracking/index.ts";
import type { DropReason, SourceEvent } from "../types.ts";
import type { BoardCounts } from "./board.ts";
import type { ErrorSummary, SourceState, SourceSummary } from "./summary.ts";
import { FrameCounts, type Totals } from "./totals.ts";
import type { DetectorWord, Failure, FrameReport } from "./words.ts";

/** Stages that are also a value of the label `stage` of detection_latency_seconds. */
const LATENCY_STAGES = ["decode", "preprocess", "inference", "postprocess", "track", "total"] as const;
const QUEUE = "frames";

/**
 * The books of one source: everything that is known of it goes into the totals and the metrics here, and each call is one step. So whoever looks
 * between two calls sees received = processed + dropped + in flight, and created - lost = active.
 */
export class SourceAccount {
  readonly frames: FrameCounts = new FrameCounts();
  readonly #totals: Totals;
  readonly #metrics: VisionMetrics | undefined;
  readonly #queues: Map<SourceAccount, number>;
  readonly #tracks: Map<number, Track> = new Map();
  #source: SourceMetrics | undefined;
  #name: string;
  #live = false;
  #device: string | undefined;
  #state: SourceState = "opening";
  #message: string | undefined;
  #restarts = 0;
  #decodeErrors = 0;
  #lastTimestampSeconds = 0;

  /** `queues`: how many frames wait, for all sources; the metric knows only their sum. */
  constructor(name: string, { totals, metrics, queues }: { totals: Totals; metrics: VisionMetrics | undefined; queues: Map<SourceAccount, number> }) {
    this.#name = name;
    this.#totals = totals;
    this.#metrics = metrics;
    this.#queues = queues;
  }

  /** How the source calls itself, before anything else is known of it. */
  named(name: string, { live }: { readonly live: boolean }): void {
    this.#name = name;
    this.#live = live;
    this.#source = this.#metrics?.source(name);
    this.#source?.down();
  }

  /** How the source calls itself. */
  get name(): string {
    return this.#name;
  }

  set state(state: SourceState) {
    this.#state = state;
    if (state === "running") {
      this.#message = undefined;
      this.#source?.up();
    } else this.#source?.down();
  }

  get state(): SourceState {
    return this.#state;
  }

  ready({ loadSeconds }: Extract<DetectorWord, { kind: "ready" }>): void {
    this.#metrics?.modelLoaded(loadSeconds);
  }

  device({ device, fallbacks }: Extract<DetectorWord, { kind: "device" }>): void {
    this.#device = device;
    for (const { from, to } of fallbacks) this.#metrics?.providerFallback(from, to);
  }

  /** What the board says has come and gone. */
  counts({ received, dropped }: BoardCounts): void {
    if (received > 0) {
      this.frames.received += received;
      this.#source?.frameReceived(received);
    }
    for (const [reason, count] of Object.entries(dropped)) this.#drop(reason as DropReason, count);
  }

  /** A frame that went through the detector. Its coming must have been counted. */
  frame(report: FrameReport): void {
    const { error, stageSeconds, detections, events, waiting } = report;
    this.#lastTimestampSeconds = report.timestampSeconds;
    if (error === undefined) {
      this.frames.processed++;
      this.#totals.countFrame(report);
    } else {
      this.frames.failed++;
      this.error("detector", error);
    }
    this.#tracksChanged(events);
    this.#queue(waiting);
    const metrics = this.#metrics;
    if (metrics === undefined) return;
    metrics.frameProcessed(error === undefined ? "success" : "error");
    metrics.queueWait(QUEUE, stageSeconds.queue);
    if (error !== undefined) return;
    for (const stage of LATENCY_STAGES) metrics.latency(stage, stageSeconds[stage]);
    metrics.modelInference(stageSeconds.inference, { batchSize: 1, ...(this.#device === undefined ? {} : { device: this.#device }) });
    metrics.detected(detections);
    if (this.#live) this.#source?.frameAge(stageSeconds.total);
  }

  tracksEnded(events: readonly TrackEvent[]): void {
    this.#tracksChanged(events);
  }

  event(event: SourceEvent): void {
    switch (event.kind) {
      case "dropped":
        this.counts({ received: event.count, dropped: { [event.reason]: event.count } });
        break;
      case "decode-error":
        this.#decodeErrors += event.count;
        this.#source?.decodeError(event.type, event.count);
        this.#count("source", { type: event.type, message: `${this.#name}: ${event.type}`, count: event.count });
        break;
      case "restart":
        this.#restarts++;
        this.#source?.restarted(event.reason);
        break;
      case "up":
        this.state = "running";
        break;
      case "down":
        this.state = "down";
        this.#message = event.message;
        break;
      case "redis":
        this.#metrics?.redisOperation(event.operation, event.seconds, event.error === undefined ? {} : { error: event.error });
        if (event.error !== undefined) this.#count("redis", { type: event.error, message: `${event.operation}: ${event.error}` });
        break;
      case "lag":
        this.#source?.lag(event.frames);
    }
  }

  error(component: ErrorSummary["component"], { code, message }: Failure): void {
    this.#count(component, { type: code, message });
  }

  failed(component: ErrorSummary["component"], failure: Failure): void {
    this.error(component, failure);
    this.state = "failed";
    this.#message = failure.message;
  }

  /** Balances the books when both threads have ended: frames and tracks that nobody will tell of any more. */
  close(): void {
    const rest = this.frames.inFlight;
    if (rest > 0) this.#drop("shutdown", rest);
    for (const track of [...this.#tracks.values()]) this.#trackLost(track, "stream_end");
    this.#queue(0);
    this.#queues.delete(this);
  }

  summary(): SourceSummary {
    return {
      name: this.#name,
      state: this.#state,
      frames: this.frames.summary(),
      restarts: this.#restarts,
      decodeErrors: this.#decodeErrors,
      ...(this.#message === undefined ? {} : { message: this.#message }),
    };
  }

  /** The errors of the summary and errors_total are the same. */
  #count(component: ErrorSummary["component"], error: { readonly type: string; readonly message: string; readonly count?: number }): void {
    this.#totals.countError(component, error);
    this.#metrics?.error(component, error.type, error);
  }

  #drop(reason: DropReason, count: number): void {
    this.frames.dropped[reason] += count;
    this.#metrics?.frameDropped(reason, count);
  }

  #tracksChanged(events: readonly TrackEvent[]): void {
    for (const event of events) {
      if (event.type === "created") {
        this.#tracks.set(event.track.id, event.track);
        this.#totals.tracks.created++;
        this.#metrics?.trackCreated();
      } else if (event.type === "lost") this.#trackLost(event.track, event.reason);
    }
  }

  #trackLost(track: Track, reason: LostReason): void {
    // Without its end: the detector died, and the track with it.
    const lastSeconds = this.#tracks.get(track.id) === track ? this.#lastTimestampSeconds : track.lastSeconds;
    this.#tracks.delete(track.id);
    this.#totals.tracks.lost[reason]++;
    this.#metrics?.trackLost(reason, { label: track.label, seconds: Math.max(0, lastSeconds - track.firstSeconds) });
  }

  #queue(waiting: number): void {
    this.#queues.set(this, waiting);
    if (this.#metrics === undefined) return;
    let sum = 0;
    for (const count of this.#queues.values()) sum += count;
    this.#metrics.queueSize(QUEUE, sum);
  }
}
