import type { Stage } from "./declarations.ts";
import { SourceMetrics, type SourceParts } from "./source-metrics.ts";
import { VisionMetrics } from "./vision-metrics.ts";

// With a NoopRegistry the plain classes record nothing either, but look up and add for it: a third of what real metrics cost. These cost nothing
// (bench/vision-metrics). `stage` is not here: the registry's own timer is silent already.

/** The calls of VisionMetrics for when metrics are off. */
export class SilentVisionMetrics extends VisionMetrics {
  protected override newSource(name: string, parts: SourceParts): SourceMetrics {
    return new SilentSourceMetrics(name, parts);
  }
  override frameReceived(): void {}
  override frameProcessed(): void {}
  override frameDropped(): void {}
  override frameAge(): void {}
  override detected(): void {}
  override latency(): void {}
  override modelInference(): void {}
  override modelLoaded(): void {}
  override providerFallback(): void {}
  override trackCreated(): void {}
  override trackLost(): void {}
  override activeTracks(): void {}
  override redisOperation(): void {}
  override memory(): void {}
  override gpuMemory(): void {}
  override error(): void {}
  override queueSize(): void {}
  override queueWait(): void {}
  override time<T>(_stage: Stage, work: () => T): T {
    return work();
  }
}

class SilentSourceMetrics extends SourceMetrics {
  override frameReceived(): void {}
  override frameAge(): void {}
  override up(): void {}
  override down(): void {}
  override restarted(): void {}
  override decodeError(): void {}
  override lag(): void {}
}
