import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { NoopRegistry } from "../../core/noop.ts";
import { SourceMetrics } from "./source-metrics.ts";
import { visionMetrics } from "./vision.ts";
import { VisionMetrics } from "./vision-metrics.ts";

const methodsOf = (prototype: object): string[] =>
  Object.entries(Object.getOwnPropertyDescriptors(prototype)).flatMap(([name, { value }]) => (typeof value === "function" ? [name] : []));

describe("with a NoopRegistry", () => {
  it("every recording call is replaced by one that does nothing, those of sources too", () => {
    const vision = visionMetrics({ model: "owlv2", registry: new NoopRegistry() });
    const silent = Object.getPrototypeOf(vision) as object;
    const left = methodsOf(VisionMetrics.prototype).filter((name) => !Object.hasOwn(silent, name));
    assert.deepEqual(left.sort(), ["source", "stage", "summary"]); // these return something
    const source = Object.getPrototypeOf(vision.source("door")) as object;
    assert.deepEqual(
      methodsOf(SourceMetrics.prototype).filter((name) => !Object.hasOwn(source, name)),
      [],
    );
  });

  it("work that is timed is done, and its result or failure handed on", async () => {
    const vision = visionMetrics({ model: "owlv2", registry: new NoopRegistry() });
    assert.equal(
      vision.time("inference", () => 7),
      7,
    );
    assert.equal(await vision.time("inference", async () => 8), 8);
    assert.throws(() => vision.time("inference", () => assert.fail("no")), /no/);
    assert.equal(vision.stage("inference").stop(), 0);
  });

  it("options are checked as ever", () => {
    assert.throws(() => visionMetrics({ model: "", registry: new NoopRegistry() }), { code: "OPTION_INVALID" });
  });
});
