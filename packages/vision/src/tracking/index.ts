export type { ClearScores } from "./clear-score.ts";
export { type EvaluatorOptions, TrackingEvaluator, type TrackingScores } from "./evaluator.ts";
export type { HotaScores } from "./hota-score.ts";
export type { IdentityScores } from "./identity-score.ts";
export type { LostReason, Track, TrackEvent } from "./track.ts";
export { Tracker, type TrackerOptions, type TrackerStatistics, type TrackerUpdate } from "./tracker.ts";
