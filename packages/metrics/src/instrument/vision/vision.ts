import { NoopRegistry } from "../../core/noop.ts";
import { SilentVisionMetrics } from "./silent.ts";
import { VisionMetrics, type VisionMetricsOptions } from "./vision-metrics.ts";

/**
 * Declares the metrics of a vision service in a registry and returns the calls that record them. Call it once a model: those of one registry
 * share the metrics, and `fps` and `frames_in_flight` are of all of them. With a NoopRegistry the calls do nothing, at the price of no call.
 *
 * Throws OPTION_INVALID, DURATION_INVALID, BUCKETS_INVALID; METRIC_CONFLICT where the registry has one of the names declared otherwise.
 *
 * @example
 * const metrics = new Registry({ namespace: "vision_detect_segment" });
 * const vision = visionMetrics({ model: "owlv2", registry: metrics });
 * vision.frameReceived();
 * const found = await vision.time("inference", () => model.detect(frame));
 * vision.detected(found);
 * vision.frameProcessed();
 */
export function visionMetrics(options: VisionMetricsOptions): VisionMetrics {
  return options.registry instanceof NoopRegistry ? new SilentVisionMetrics(options) : new VisionMetrics(options);
}
