import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Registry } from "./registry.ts";
import type { Snapshot } from "./snapshot.ts";

const facts = (snapshot: Snapshot): unknown[] => {
  const family = snapshot.get("application_info")!;
  return Array.from({ length: family.length }, (_, row) => [family.labels(row), family.value(row)]);
};

describe("an info", () => {
  it("says nothing before it is set, and then one thing at a time", () => {
    const metrics = new Registry();
    const application = metrics.info("application_info", { help: "What runs.", labels: ["version"] });
    assert.deepEqual(facts(metrics.snapshot()), []);
    application.set({ version: "1" });
    application.set({ version: "1" });
    const before = metrics.snapshot();
    application.set({ version: "2" });
    assert.deepEqual(facts(metrics.snapshot()), [[{ version: "2" }, 1]]);
    assert.deepEqual(facts(before), [[{ version: "1" }, 1]]);
  });

  it("says one of a closed set, not all of them", () => {
    const metrics = new Registry();
    const application = metrics.info("application_info", { help: "What runs.", labels: { environment: ["production", "test"], version: String } });
    application.set({ environment: "test", version: "1" });
    assert.deepEqual(facts(metrics.snapshot()), [[{ environment: "test", version: "1" }, 1]]);
    const closed = new Registry();
    const closedInfo = closed.info("application_info", { help: "What runs.", labels: { environment: ["production", "test"] } });
    assert.deepEqual(facts(closed.snapshot()), []);
    closedInfo.set({ environment: "production" });
    assert.deepEqual(facts(closed.snapshot()), [[{ environment: "production" }, 1]]);
  });

  it("stays true when the registry is reset", () => {
    const metrics = new Registry();
    metrics.info("application_info", { help: "What runs.", labels: ["version"] }).set({ version: "1" });
    metrics.reset();
    assert.deepEqual(facts(metrics.snapshot()), [[{ version: "1" }, 1]]);
  });

  it("keeps what was said when the new facts are wrong", () => {
    const metrics = new Registry();
    const application = metrics.info("application_info", { help: "What runs.", labels: ["version"] });
    application.set({ version: "1" });
    assert.throws(() => application.set({ version: 2 } as never), { code: "LABEL_VALUE_INVALID" });
    assert.throws(() => application.set({} as never), { code: "LABEL_MISSING" });
    assert.deepEqual(facts(metrics.snapshot()), [[{ version: "1" }, 1]]);
  });
});
