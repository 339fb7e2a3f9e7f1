import type { Family } from "./family.ts";
import { makeRecorder, type Recorder, recordPlainly } from "./lookup.ts";

/** After so many records by label set a metric is one that is recorded to often. */
const OFTEN = 10_000;

/**
 * The labelled record path of a collector's metric. A collector may have hundreds of metrics and mostly holds their series, so the generated
 * path, which holds a text of its own for each metric, is made only for those that are recorded to by label set again and again.
 */
export function lateRecorder(family: Family): Recorder {
  let generated: Recorder | undefined;
  let records = 0;
  return {
    record(labels, value, options) {
      if (generated === undefined && ++records <= OFTEN) {
        recordPlainly(family, labels, { value, options });
        return;
      }
      generated ??= makeRecorder(family);
      generated.record(labels, value, options);
    },
    reset: () => generated?.reset(),
  };
}
