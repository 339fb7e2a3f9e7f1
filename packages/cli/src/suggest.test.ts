import assert from "node:assert/strict";
import { test } from "node:test";
import { didYouMean, nearest } from "./suggest.ts";

const NAMES = ["detect", "completion", "max-fps", "max-age", "port"];

test("the nearest name is found over typing errors, and a beginning that only one name has", () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ["detct", "detect"],
    ["dtecet", "detect"],
    ["DETECT", "detect"],
    ["prot", "port"],
    ["comp", "completion"],
    ["max-fsp", "max-fps"],
    ["max", undefined], // two begin so, and neither is near
    ["zebra", undefined],
    ["", undefined],
  ];
  for (const [typed, wanted] of cases) assert.equal(nearest(typed, NAMES), wanted, typed);
});

test("the sentence is empty where nothing is near", () => {
  assert.equal(didYouMean("prot", NAMES, "--"), ' Did you mean "--port"?');
  assert.equal(didYouMean("zebra", NAMES), "");
});
