import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { deserialize, serialize } from "node:v8";
import { ManualClock } from "./clock.ts";
import { fromPortable, toPortable } from "./portable.ts";
import { Registry } from "./registry.ts";
import { SeriesTable } from "./series-table.ts";
import { FamilySnapshot, Snapshot } from "./snapshot.ts";

describe("a portable snapshot", () => {
  it("survives the way to another process, whatever is in it", () => {
    const metrics = new Registry({ clock: new ManualClock(), labels: { site: "ß" } });
    const labels = ["x"] as const;
    for (const x of ["a", "\u{1f600}\n", ""]) {
      metrics.counter("frames_total", { help: "Frames.", labels }).inc({ x }, 2, { exemplar: { id: x } });
      metrics.gauge("limit_bytes", { help: "Limit.", labels, merge: "max", unit: "bytes" }).set({ x }, Number.POSITIVE_INFINITY);
      metrics.histogram("latency_seconds", { help: "Time.", labels, buckets: [1], native: {} }).observe({ x }, 0.5, { exemplar: { id: x } });
      metrics.summary("response_seconds", { help: "Answer.", labels }).observe({ x }, 1);
    }
    metrics.stateSet("link_state", { help: "Link.", states: ["up", "down"] }).set("up");
    const snapshot = metrics.snapshot();
    metrics.counter("frames_total", { help: "Frames.", labels }).inc({ x: "later" });
    const arrived = fromPortable(deserialize(serialize(toPortable(snapshot))));
    assert.deepEqual([arrived.timestamp, arrived.families.length], [snapshot.timestamp, snapshot.families.length]);
    for (const family of snapshot) {
      const got = arrived.get(family.name)!;
      const { table: _, created, ...rest } = family;
      const { table: __, created: gotCreated, ...gotRest } = got;
      assert.deepEqual(gotRest, rest);
      assert.deepEqual(gotCreated, created?.slice(0, family.length));
      for (let row = 0; row < family.length; row++) assert.deepEqual(got.labels(row), family.labels(row));
    }
  });

  it("keeps rows apart that lack a label, and times of samples", () => {
    const table = new SeriesTable(["a", "b"]);
    for (const row of [
      ["1", undefined],
      ["1", ""],
      [undefined, undefined],
    ])
      table.add(row);
    const timestamps = Float64Array.of(1, Number.NaN, 3, 99);
    const family = new FamilySnapshot({ name: "m", type: "unknown", help: "", table, length: 3, values: Float64Array.of(7, 8, 9), timestamps });
    const got = fromPortable(deserialize(serialize(toPortable(new Snapshot([family], 5))))).get("m")!;
    assert.deepEqual(
      [0, 1, 2].map((row) => got.labels(row)),
      [{ a: "1" }, { a: "1", b: "" }, {}],
    );
    assert.deepEqual([[...got.timestamps!], got.created, got.value(2)], [[1, Number.NaN, 3], undefined, 9]);
  });
});
