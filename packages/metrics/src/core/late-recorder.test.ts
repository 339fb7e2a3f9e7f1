import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Collector } from "./collector.ts";
import type { CounterFamily } from "./counter.ts";
import { InferometerError } from "./errors.ts";
import { Registry } from "./registry.ts";

/** A collector that declares a counter, and that counter. */
function declared() {
  const registry = new Registry();
  let jobs: CounterFamily<{ readonly queue: string; readonly status: string }> | undefined;
  const collector: Collector = {
    name: "jobs",
    register(home) {
      jobs = home.counter("jobs_total", { help: "Jobs.", labels: ["queue", "status"] });
    },
    collect() {},
  };
  registry.register(collector);
  return { registry, jobs: jobs! };
}

describe("a collector's metric that is recorded to by label set", () => {
  it("counts right before and after it has become one that is recorded to often", () => {
    const { registry, jobs } = declared();
    for (let k = 0; k < 30_000; k++) jobs.inc({ queue: `q${k % 3}`, status: k % 2 === 0 ? "done" : "failed" });
    for (const queue of ["q0", "q1", "q2"])
      for (const status of ["done", "failed"]) assert.equal(registry.snapshot().value("jobs_total", { queue, status }), 5000);
  });

  it("follows the rows when series are removed, before and after", () => {
    const { jobs } = declared();
    for (const records of [10, 20_000]) {
      for (let k = 0; k < records; k++) jobs.inc({ queue: `q${k % 4}`, status: "done" });
      jobs.remove({ queue: "q0", status: "done" });
      jobs.inc({ queue: "q3", status: "done" }, 1);
      jobs.inc({ queue: "q0", status: "done" }, 1);
      assert.equal(jobs.value({ queue: "q0", status: "done" }), 1);
      jobs.clear();
      assert.equal(jobs.value({ queue: "q3", status: "done" }), 0);
    }
  });

  it("checks its labels before and after", () => {
    const { jobs } = declared();
    const wrong = (): void => jobs.inc({ queue: "q", state: "done" } as never);
    for (const records of [1, 20_000]) {
      for (let k = 0; k < records; k++) jobs.inc({ queue: "q", status: "done" });
      assert.throws(wrong, (error) => error instanceof InferometerError && error.code === "LABEL_UNKNOWN");
    }
  });
});
