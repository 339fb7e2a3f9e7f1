import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { collectionTime } from "./deadline.ts";

describe("collectionTime", () => {
  const cases: [what: string, header: string | undefined, wanted: number][] = [
    ["is the limit without a header", undefined, 10_000],
    ["keeps back a tenth of a short timeout", "1", 900],
    ["keeps back half a second of a long one", "8", 7500],
    ["reads vmagent's decimals", "1.000", 900],
    ["reads Prometheus' fractions", "0.9", 810],
    ["never exceeds the limit", "60", 10_000],
    ["never reaches zero", "0.0001", 1],
    ["ignores zero", "0", 10_000],
    ["ignores a negative number", "-3", 10_000],
    ["ignores what is no number", "soon", 10_000],
    ["ignores infinity", "Infinity", 10_000],
    ["ignores exponents", "1e400", 10_000],
    ["ignores nothing", "", 10_000],
    ["is the limit for a number beyond all bounds", "9".repeat(400), 10_000],
  ];
  for (const [what, header, wanted] of cases) it(what, () => assert.equal(collectionTime(header, 10_000), wanted));
});
