import type { DetectSummary } from "@inferometer/vision";

const NOTHING_DROPPED = { backpressure: 0, stale: 0, sampled: 0, trimmed: 0, corrupt: 0, paused: 0, shutdown: 0 };

/** Frames of a summary: all that were received and are not dropped, failed or in flight were processed. */
export function framesOf({
  received,
  failed = 0,
  inFlight = 0,
  dropped = {},
}: {
  readonly received: number;
  readonly failed?: number;
  readonly inFlight?: number;
  readonly dropped?: Partial<DetectSummary["frames"]["dropped"]>;
}): DetectSummary["frames"] {
  const gone = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  return { received, processed: received - failed - inFlight - gone, failed, inFlight, dropped: { ...NOTHING_DROPPED, ...dropped } };
}

export function summaryOf(some: Partial<DetectSummary> = {}): DetectSummary {
  return {
    frames: framesOf({ received: 100 }),
    seconds: 10,
    framesPerSecond: 10,
    latency: {
      inference: { count: 100, meanSeconds: 0.01, p50Seconds: 0.009, p95Seconds: 0.02, p99Seconds: 0.03, maxSeconds: 0.04 },
      total: { count: 100, meanSeconds: 0.02, p50Seconds: 0.018, p95Seconds: 0.04, p99Seconds: 0.06, maxSeconds: 0.08 },
    },
    detections: { person: 1234, car: 5 },
    tracks: { created: 9, lost: { expired: 3, left_frame: 4, duplicate: 0, stream_end: 2 }, active: 0 },
    errors: [],
    sources: [{ name: "vtest.avi", state: "ended", frames: framesOf({ received: 100 }), restarts: 0, decodeErrors: 0 }],
    ...some,
  };
}
