import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkedSettings, type DetectOptions } from "./options.ts";

const check = (options: Partial<DetectOptions>): ReturnType<typeof checkedSettings> =>
  checkedSettings({ sources: ["synthetic:frames=1"], ...options });

describe("detect's options", () => {
  for (const [option, value, says] of [
    ["sources", [], /sources is an array of 0\. Give at least one source/],
    ["confidence", 1.5, /confidence is 1\.5\. Give a number from 0 to 1/],
    ["confidence", Number.NaN, /confidence is NaN/],
    ["every", 0, /every is 0\. Give a whole number from 1/],
    ["every", 1.5, /every is 1\.5/],
    ["maxFramesPerSecond", 0, /maxFramesPerSecond is 0\. Give a number above 0/],
    ["maxFramesPerSecond", Number.NaN, /maxFramesPerSecond is NaN/],
    ["drop", "oldest", /drop is "oldest"\. Give "wait", "drop-oldest" or "drop-newest"/],
    ["queueSize", 0, /queueSize is 0\. Give a whole number from 1 to 64/],
    ["queueSize", 1000, /queueSize is 1000/],
    ["maxFailures", 0, /maxFailures is 0/],
    ["output", "", /output is ""/],
    ["detector", "cars", /detector is "cars"\. Give "motion", "people" or/],
  ] as const) {
    it(`refuses ${option}: ${JSON.stringify(value)}`, () =>
      assert.throws(() => check({ [option]: value }), { code: "OPTION_INVALID", message: says }));
  }

  it("refuses durations that are none", () => {
    assert.throws(() => check({ maxAge: "2" }), { code: "DURATION_INVALID" });
    assert.throws(() => check({ stallAfter: "soon" }), { code: "DURATION_INVALID" });
  });

  it("refuses what cannot be handed to a thread", () => {
    const source = { kind: "synthetic", frames: () => 3 } as never;
    assert.throws(() => check({ sources: [source] }), { code: "OPTION_INVALID", message: /plain object/ });
  });

  it("has defaults, and takes durations in words", () => {
    const { queueSize, maxAgeSeconds, stallAfterSeconds, detector, every, tracker, maxFailures } = check({});
    assert.deepEqual(
      { queueSize, maxAgeSeconds, stallAfterSeconds, detector, every, tracker, maxFailures },
      { queueSize: 3, maxAgeSeconds: Infinity, stallAfterSeconds: 10, detector: { kind: "motion" }, every: 1, tracker: {}, maxFailures: 30 },
    );
    assert.equal(check({ maxAge: "500ms" }).maxAgeSeconds, 0.5);
    assert.equal(check({ track: false }).tracker, undefined);
  });

  it("hands on the ffmpeg and the longest silence to sources that do not say otherwise", () => {
    const sources = ["a.mp4", { kind: "video", input: "b.mp4", ffmpeg: "own" } as const, { kind: "synthetic" } as const];
    assert.deepEqual(check({ sources, ffmpeg: "theirs", stallAfter: "3s" }).sources, [
      { kind: "video", input: "a.mp4", ffmpeg: "theirs", stallAfter: "3s" },
      { kind: "video", input: "b.mp4", ffmpeg: "own", stallAfter: "3s" },
      { kind: "synthetic" },
    ]);
    assert.deepEqual(check({ sources: ["a.mp4"] }).sources, [{ kind: "video", input: "a.mp4" }]);
  });

  it("asks for grey pictures where nobody looks at the colours", () => {
    const formats = (["motion", "people", { kind: "motion", colour: true }, { kind: "onnx", model: "m.onnx" }] as const).map(
      (detector) => check({ detector }).pixelFormat,
    );
    assert.deepEqual(formats, ["gray8", "gray8", undefined, undefined]);
    assert.equal(check({ detector: "people", output: "a.mp4" }).pixelFormat, undefined);
  });

  it("tells a detector that has a threshold of its own which one to use", () => {
    assert.deepEqual(check({ detector: "people", confidence: 0.7 }).detector, { kind: "people", confidence: 0.7 });
    assert.deepEqual(check({ detector: "motion", confidence: 0.7 }).detector, { kind: "motion" });
    assert.equal(check({ detector: "motion", confidence: 0.7 }).confidence, 0.7);
  });
});
