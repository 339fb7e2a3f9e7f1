import type { Family } from "./family.ts";
import { makeRecorder, plainRecorder, type Recorder } from "./lookup.ts";

/** After so many records by label set (some ten milliseconds in all) a metric is one that is recorded to often. */
const OFTEN = 10_000;

/**
 * The labelled record path of a collector's metric. A collector may have hundreds of metrics and mostly holds their series, so the generated
 * path, 5 KiB a metric, is made only for those that are recorded to by label set again and again.
 */
export function lateRecorder(family: Family): Recorder {
  let recorder = plainRecorder(family);
  let left = OFTEN;
  return {
    record(labels, value, options) {
      if (left >= 0 && left-- === 0) recorder = makeRecorder(family);
      recorder.record(labels, value, options);
    },
    reset: () => recorder.reset(),
  };
}
