import assert from "node:assert/strict";
import { test } from "node:test";
import { plain } from "../terminal/style.ts";
import { framesOf, summaryOf } from "./summary.test-kit.ts";
import { summaryText } from "./summary-text.ts";

const extras = { style: plain, width: 80, peakMemoryBytes: 212 * 2 ** 20, gpus: [] };

test("the summary tells what was done, how fast, and what went wrong", () => {
  assert.equal(
    summaryText(summaryOf(), extras),
    `
Source      vtest.avi: ended
Frames      100 received, 100 processed
Speed       10.0 frames/s, 0:10 in all
Latency                   mean      p50      p95      p99      max
            inference  10.0 ms  9.00 ms  20.0 ms  30.0 ms  40.0 ms
            total      20.0 ms  18.0 ms  40.0 ms  60.0 ms  80.0 ms
Detections  1 234 person, 5 car
Tracks      9 created, 0 active; lost: 3 expired, 4 left frame, 2 stream end
Memory      212 MiB at most
Errors      none
`,
  );
});

test("drops, errors, GPUs and several sources have their lines", () => {
  const sources = ["a", "b"].map(
    (name) => ({ name, state: "failed", frames: framesOf({ received: 0 }), restarts: 0, decodeErrors: 0, message: "gone" }) as const,
  );
  const errors = [{ component: "detector", type: "DETECTOR_FAILED", count: 1200, message: "it threw" }] as const;
  const frames = framesOf({ received: 100, failed: 1, inFlight: 2, dropped: { backpressure: 3, stale: 4 } });
  const text = summaryText(summaryOf({ sources, errors, frames, detections: {} }), { ...extras, gpus: ["H100: 2.00 GiB of 80.0 GiB memory in use"] });
  for (const line of [
    "Source      a: failed, gone",
    "Source      b: failed, gone",
    "Frames      100 received, 90 processed, 1 failed, 7 dropped, 2 in flight",
    "Dropped     3 backpressure, 4 stale",
    "Detections  none",
    "GPU         H100: 2.00 GiB of 80.0 GiB memory in use",
    "Errors      detector DETECTOR_FAILED (1 200 times): it threw",
  ]) {
    assert.ok(text.includes(`\n${line}\n`), `${line} in ${text}`);
  }
});

test("many classes are added up, the most frequent first", () => {
  const detections = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`class-${at}`, at + 1]));
  const text = summaryText(summaryOf({ detections }), extras).replace(/\s+/g, " ");
  assert.match(text, /Detections 20 class-19, 19 class-18,.* 9 class-8, 36 of 8 other classes Tracks/);
});

test("a narrow terminal gets narrow lines", () => {
  const errors = [{ component: "source", type: "SOURCE_LOST", count: 1, message: "the camera is gone and did not come back in time" }] as const;
  for (const width of [44, 50, 60, 70]) {
    for (const line of summaryText(summaryOf({ errors }), { ...extras, width }).split("\n")) assert.ok(line.length <= width, `${width}: ${line}`);
  }
  assert.doesNotMatch(summaryText(summaryOf(), { ...extras, width: 50 }), /mean/);
});
