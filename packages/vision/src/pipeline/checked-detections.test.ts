import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkedDetections } from "./checked-detections.ts";
import { detectionAt } from "./fakes.test-kit.ts";

const good = detectionAt(1);

describe("checkedDetections", () => {
  it("copies what is given, without what does not belong there", () => {
    const given = { ...good, box: { ...good.box, area: 3 }, model: () => {} };
    const [copy] = checkedDetections([given], 0);
    assert.deepEqual(copy, good);
    assert.notEqual(copy, given);
  });

  it("leaves out what is not sure enough", () => {
    assert.deepEqual(checkedDetections([detectionAt(0, 0.4), detectionAt(0, 0.5)], 0.5), [detectionAt(0, 0.5)]);
  });

  for (const [answer, says] of [
    [undefined, /answered undefined instead of an array/],
    [{}, /an object instead of an array/],
    [[undefined], /a box of x undefined/],
    [[{ ...good, box: undefined }], /a box of x undefined/],
    [[{ ...good, box: { ...good.box, x: Number.NaN } }], /x NaN/],
    [[{ ...good, box: { ...good.box, width: -1 } }], /width -1/],
    [[{ ...good, box: { ...good.box, height: Infinity } }], /height Infinity/],
    [[{ ...good, confidence: 1.01 }], /a confidence of 1\.01/],
    [[{ ...good, confidence: "1" }], /a confidence of "1"/],
    [[{ ...good, label: "" }], /a label that is ""/],
    [[good, { ...good, label: 3 }], /a label that is 3/],
  ] as const) {
    it(`refuses ${JSON.stringify(answer) ?? "undefined"}`, () =>
      assert.throws(() => checkedDetections(answer, 0), { code: "DETECTOR_FAILED", message: says }));
  }
});
