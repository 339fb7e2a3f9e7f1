import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Registry } from "../core/registry.ts";
import { NameFilter } from "./name-filter.ts";

function registry(): Registry {
  const metrics = new Registry();
  metrics.counter("frames_total", { help: "Frames." });
  metrics.gauge("frames_in_flight", { help: "Frames in flight." });
  metrics.histogram("latency_seconds", { help: "Latency.", buckets: [1] });
  metrics.summary("response_seconds", { help: "Response time." });
  metrics.info("build_info", { help: "Build.", labels: ["version"] });
  metrics.gauge("window_count", { help: "Windows.", lint: "off" });
  return metrics;
}

describe("NameFilter", () => {
  const metrics = registry();
  const cases: [what: string, asked: string[], wanted: string[]][] = [
    ["a family's name", ["latency_seconds"], ["latency_seconds"]],
    ["several", ["latency_seconds", "frames_total"], ["frames_total", "latency_seconds"]],
    ["a bucket's name", ["latency_seconds_bucket"], ["latency_seconds"]],
    ["a sum's name", ["response_seconds_sum"], ["response_seconds"]],
    ["a beginning's name", ["frames_created"], ["frames_total"]],
    ["an OpenMetrics counter's name", ["frames"], ["frames_total"]],
    ["an OpenMetrics info's name", ["build"], ["build_info"]],
    ["a gauge that only looks like a sample", ["window_count"], ["window_count"]],
    ["a summary's bucket, which it has not", ["response_seconds_bucket"], []],
    ["a gauge's sum, which it has not", ["frames_in_flight_sum"], []],
    ["an unknown name", ["nothing"], []],
    ["an empty name", [""], []],
    ["names of JavaScript's own", ["__proto__", "constructor"], []],
  ];
  for (const [what, asked, wanted] of cases) {
    it(`finds ${what}`, () => {
      const filter = new NameFilter(asked);
      const narrowed = filter.narrow(metrics.snapshot({ names: filter.candidates() }));
      assert.deepEqual(
        narrowed.families.map((family) => family.name),
        wanted,
      );
    });
  }

  it("has one key for the same names in another order", () => {
    assert.equal(new NameFilter(["a", "b", "a"]).key, new NameFilter(["b", "a"]).key);
  });

  it("has other keys for other names, whatever they hold", () => {
    assert.notEqual(new NameFilter(['a","b']).key, new NameFilter(["a", "b"]).key);
  });
});
