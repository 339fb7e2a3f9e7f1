// What the compiler must accept and refuse. Nothing here runs: a line that should not compile and does is an error of the build.
import { expectTypeOf } from "expect-type";
import type { Timer } from "../../core/index.ts";
import { type DropReason, type SourceMetrics, type VisionMetrics, type VisionSummary, visionMetrics } from "../index.ts";

export function wordsOfClosedSetsAreChecked(vision: VisionMetrics): void {
  vision.frameDropped("stale", 2);
  // @ts-expect-error: no such reason
  vision.frameDropped("tired");
  vision.frameProcessed("error");
  // @ts-expect-error: a boolean says nothing at the call
  vision.frameProcessed(true);
  vision.latency("inference", 0.1);
  // @ts-expect-error: no such stage
  vision.latency("draw", 0.1);
  // @ts-expect-error: the value before the stage
  vision.latency(0.1, "inference");
  vision.trackLost("left_frame", { label: "person", seconds: 3 });
  // @ts-expect-error: no such reason
  vision.trackLost("lost");
  expectTypeOf<DropReason>().toEqualTypeOf<"backpressure" | "stale" | "sampled" | "trimmed" | "corrupt" | "paused" | "shutdown">();
}

export function detectionsMayHoldMore(vision: VisionMetrics): void {
  const found: readonly { readonly label: string; readonly confidence: number; readonly box: object }[] = [];
  vision.detected(found);
  vision.detected("person", 0.9);
  // @ts-expect-error: a class without a confidence
  vision.detected("person");
  // @ts-expect-error: no label
  vision.detected([{ class: "person", confidence: 0.9 }]);
}

export function timersAreDisposableAndTimeInfers(vision: VisionMetrics): void {
  expectTypeOf(vision.stage("inference")).toEqualTypeOf<Timer>();
  expectTypeOf(vision.time("inference", async () => 7)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(vision.time("inference", () => "seven")).toEqualTypeOf<string>();
  expectTypeOf(vision.source("door")).toEqualTypeOf<SourceMetrics>();
}

export function aModelIsAsked(): void {
  // @ts-expect-error: without a model
  visionMetrics({});
  // @ts-expect-error: a misspelt option
  visionMetrics({ model: "owlv2", buckets: { latncy: [1] } });
}

export function whatMayBeMissingInASummaryMustBeChecked(summary: VisionSummary): void {
  expectTypeOf(summary.latency.total.meanSeconds).toEqualTypeOf<number>();
  expectTypeOf(summary.frames.dropped.stale).toEqualTypeOf<number>();
  // @ts-expect-error: an operation that was never recorded is not there
  summary.redisOperations.publish.failure.toFixed();
  (summary.redisOperations.publish?.failure ?? 0).toFixed();
}
