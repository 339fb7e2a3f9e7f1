import type { LostReason } from "../tracking/index.ts";
import type { DropReason } from "../types.ts";
import { DROP_REASONS } from "./board.ts";
import { Latencies } from "./latencies.ts";
import type { ErrorSummary, FrameSummary, TrackSummary } from "./summary.ts";
import type { FrameReport, PipelineStage } from "./words.ts";

const LOST_REASONS: readonly LostReason[] = ["expired", "left_frame", "duplicate", "stream_end"];
const MAX_LABELS = 1000;
const MAX_ERRORS = 100;
/** Stands for the labels that came when there were too many. */
const OTHER_LABELS = "other";

/** Counts of frames. */
export class FrameCounts {
  received = 0;
  processed = 0;
  failed = 0;
  readonly dropped: Record<DropReason, number> = Object.fromEntries(DROP_REASONS.map((reason) => [reason, 0])) as Record<DropReason, number>;

  get inFlight(): number {
    return this.received - this.processed - this.failed - DROP_REASONS.reduce((sum, reason) => sum + this.dropped[reason], 0);
  }

  add(other: FrameCounts): this {
    this.received += other.received;
    this.processed += other.processed;
    this.failed += other.failed;
    for (const reason of DROP_REASONS) this.dropped[reason] += other.dropped[reason];
    return this;
  }

  summary(): FrameSummary {
    const { received, processed, failed, dropped, inFlight } = this;
    return { received, processed, failed, dropped: { ...dropped }, inFlight };
  }
}

/** Counts of tracks. */
export class TrackCounts {
  created = 0;
  readonly lost: Record<LostReason, number> = Object.fromEntries(LOST_REASONS.map((reason) => [reason, 0])) as Record<LostReason, number>;

  summary(): TrackSummary {
    const active = LOST_REASONS.reduce((rest, reason) => rest - this.lost[reason], this.created);
    return { created: this.created, lost: { ...this.lost }, active };
  }
}

/** What is counted over all sources together. Its size does not grow with time. */
export class Totals {
  readonly tracks: TrackCounts = new TrackCounts();
  readonly latencies: Latencies = new Latencies();
  readonly #stages: readonly PipelineStage[];
  readonly #detections: Map<string, number> = new Map();
  readonly #errors: Map<string, { component: ErrorSummary["component"]; type: string; count: number; message: string }> = new Map();

  /** `stages`: those that take place. */
  constructor(stages: readonly PipelineStage[]) {
    this.#stages = stages;
  }

  countFrame({ stageSeconds, detections }: FrameReport): void {
    this.latencies.observe(stageSeconds, this.#stages);
    for (const { label } of detections) {
      const known = this.#detections.has(label) || this.#detections.size < MAX_LABELS ? label : OTHER_LABELS;
      this.#detections.set(known, (this.#detections.get(known) ?? 0) + 1);
    }
  }

  countError(
    component: ErrorSummary["component"],
    { type, message, count = 1 }: { readonly type: string; readonly message: string; readonly count?: number },
  ): void {
    const key = JSON.stringify([component, type]);
    const known = this.#errors.get(key);
    if (known !== undefined) {
      known.count += count;
      known.message = message;
    } else if (this.#errors.size < MAX_ERRORS) this.#errors.set(key, { component, type, count, message });
  }

  get detections(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#detections);
  }

  get errors(): readonly ErrorSummary[] {
    return [...this.#errors.values()].map((error) => ({ ...error }));
  }
}
