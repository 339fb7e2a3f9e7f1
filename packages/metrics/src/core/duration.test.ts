import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseDuration } from "./duration.ts";

describe("parseDuration", () => {
  const cases = {
    "500ms": 500,
    "15s": 15_000,
    "1.5h": 5_400_000,
    "10m": 600_000,
    "1h30m": 5_400_000,
    "7d": 604_800_000,
    "2w": 1_209_600_000,
    "1d2h3m4s5ms": 93_784_005,
    "0s": 0,
  };
  for (const [text, ms] of Object.entries(cases)) it(`reads ${text}`, () => assert.equal(parseDuration(text), ms));

  const mistakes: readonly unknown[] = [
    "",
    "15",
    "s",
    "15 s",
    " 15s",
    "15s ",
    "-5s",
    "+5s",
    "1e3s",
    ".5s",
    "5.s",
    "15S",
    "1y",
    "15s!",
    15,
    undefined,
    null,
    {},
  ];
  for (const value of mistakes) {
    it(`refuses ${JSON.stringify(value)}`, () => {
      assert.throws(() => parseDuration(value as string), {
        code: "DURATION_INVALID",
        message: /is not a duration. Write a number and a unit: "500ms", "15s"/,
      });
    });
  }

  it("is linear in the length of a hostile text", () => {
    assert.throws(() => parseDuration(`${"1".repeat(200_000)}x`), { code: "DURATION_INVALID" });
  });
});
