import assert from "node:assert/strict";
import { test } from "node:test";
import { parseLimit } from "./limit.ts";
import { framesOf, summaryOf } from "./summary.test-kit.ts";

const failure = { component: "detector", type: "DETECTOR_FAILED", count: 2, message: "no" } as const;
const summary = summaryOf({ frames: framesOf({ received: 100, failed: 2, dropped: { backpressure: 3, stale: 1 } }), errors: [failure] });

test("a limit is crossed when what it says came true", () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ["p95>39ms", "total p95 40.0 ms"],
    ["p95>40ms", undefined],
    ["p95>=40ms", "total p95 40.0 ms"],
    ["p50>0.01s", "total p50 18.0 ms"],
    ["mean > 19ms", "total mean 20.0 ms"],
    ["max>1m", undefined],
    ["inference.p99>=30ms", "inference p99 30.0 ms"],
    ["inference.p99>31ms", undefined],
    ["fps<25", "fps 10.0"],
    ["fps<=9.9", undefined],
    ["drops>3", "drops 4"],
    ["drops>4%", undefined],
    ["drops>3.9%", "drops 4.00 %"],
    ["failures>1%", "failures 2.00 %"],
    ["errors>1", "errors 2"],
    ["errors>2", undefined],
    ["detections<2000", "detections 1 239"],
    ["tracks<1", undefined],
  ];
  for (const [text, wanted] of cases) assert.equal(parseLimit(text).crossed(summary), wanted, text);
});

test("what was not measured does not pass", () => {
  const empty = summaryOf({ frames: framesOf({ received: 0 }), latency: {}, framesPerSecond: 0 });
  assert.equal(parseLimit("p95>50ms").crossed(empty), "total p95 not measured");
  assert.equal(parseLimit("queue.p95>50ms").crossed(summary), "queue p95 not measured");
  assert.equal(parseLimit("drops>1%").crossed(empty), "drops not measured");
  assert.equal(parseLimit("fps<1").crossed(empty), "fps 0");
});

test("a limit that says nothing is refused, with what would", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["p95", /Write a quantity, a comparison and a value/],
    ["p95=5ms", /Write a quantity/],
    ["p94>5ms", /no p94: give mean, p50.*Did you mean "p95"/],
    ["p95>5", /p95 is a duration: give it with a unit, p95>5ms/],
    ["infer.p95>5ms", /stands a stage: decode, queue/],
    ["inference.fps<5", /stands a stage/],
    ["fps<5ms", /fps takes a number without a unit/],
    ["errors>1%", /errors takes a number without a unit/],
    ["drops>1ms", /drops takes a number or %/],
  ];
  for (const [text, message] of cases) assert.throws(() => parseLimit(text), { name: "UsageError", message }, text);
});
