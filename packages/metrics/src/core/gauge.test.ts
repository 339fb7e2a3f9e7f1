import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "./clock.ts";
import { merge } from "./merge.ts";
import { Registry } from "./registry.ts";

describe("a gauge", () => {
  it("is set, goes up and goes down", () => {
    const tracks = new Registry().gauge("active_tracks", { help: "Tracks." });
    assert.equal(tracks.value(), 0);
    tracks.set(15);
    tracks.inc();
    tracks.inc(0.5);
    tracks.dec();
    tracks.dec(20);
    assert.equal(tracks.value(), -4.5);
  });

  it("does so under labels, and through held series", () => {
    const memory = new Registry().gauge("memory_bytes", { help: "Memory.", labels: ["type"] });
    memory.set({ type: "rss" }, 100);
    memory.inc({ type: "rss" }, 5);
    memory.inc({ type: "rss" });
    memory.dec({ type: "rss" }, 2);
    memory.dec({ type: "heap" });
    const held = memory.labels({ type: "rss" });
    held.inc(1);
    assert.deepEqual(
      [held.value(), memory.value({ type: "rss" }), memory.value({ type: "heap" }), memory.value({ type: "none" })],
      [105, 105, -1, 0],
    );
    assert.equal(memory.remove({ type: "rss" }), true);
    assert.equal(memory.remove({ type: "rss" }), false);
    memory.clear();
    assert.equal(memory.value({ type: "heap" }), 0);
  });

  it("holds infinities, since a reading may be without bound", () => {
    const limit = new Registry().gauge("limit_bytes", { help: "Limit." });
    limit.set(Number.POSITIVE_INFINITY);
    assert.equal(limit.value(), Number.POSITIVE_INFINITY);
  });

  for (const value of [Number.NaN, "5", null, undefined, 5n, {}]) {
    it(`refuses ${typeof value === "bigint" ? "5n" : (JSON.stringify(value) ?? "undefined")}, by every way`, () => {
      const metrics = new Registry();
      const [plain, labelled] = [metrics.gauge("a", { help: "A." }), metrics.gauge("b", { help: "B.", labels: ["x"] })];
      const refusal = { code: "VALUE_INVALID", message: /cannot take .*. Pass a number; to say that a value is not known, remove its series/ };
      assert.throws(() => plain.set(value as number), refusal);
      if (value !== undefined) {
        assert.throws(() => plain.inc(value as number), refusal);
        assert.throws(() => plain.dec(value as number), refusal);
      }
      for (let round = 0; round < 3; round++) assert.throws(() => labelled.set({ x: "1" }, value as number), refusal);
      assert.deepEqual([plain.value(), labelled.value({ x: "1" })], [0, 0]);
    });
  }

  it("takes the time of the clock", () => {
    const clock = new ManualClock(1000);
    const last = new Registry({ clock }).gauge("last_frame_timestamp_seconds", { help: "When." });
    clock.advance(1500);
    last.setToCurrentTime();
    assert.equal(last.value(), 1001.5);
  });
});

describe("a gauge that is read", () => {
  it("calls back at each snapshot, and only then", () => {
    const metrics = new Registry();
    let size = 3;
    let calls = 0;
    const read = (): number => {
      calls++;
      return size;
    };
    metrics.gauge("queue_size", { help: "Waiting.", read });
    assert.equal(calls, 0);
    assert.equal(metrics.snapshot().value("queue_size"), 3);
    size = 4;
    assert.equal(metrics.snapshot().value("queue_size"), 4);
    assert.equal(calls, 2);
  });

  it("is not called for a snapshot of other metrics", () => {
    const metrics = new Registry();
    metrics.gauge("queue_size", { help: "Waiting.", read: () => assert.fail("not asked for") });
    assert.equal(metrics.snapshot({ names: ["other"] }).families.length, 0);
  });

  it("sets its series itself when it has labels", () => {
    const metrics = new Registry();
    metrics.gauge("queue_size", {
      help: "Waiting.",
      labels: ["queue"],
      read: (gauge) => {
        for (const [queue, size] of [
          ["in", 5],
          ["out", 6],
        ] as const)
          gauge.set({ queue }, size);
      },
    });
    const snapshot = metrics.snapshot();
    assert.deepEqual(
      ["in", "out"].map((queue) => snapshot.value("queue_size", { queue })),
      [5, 6],
    );
  });

  const broken: readonly (readonly [what: string, read: () => number])[] = [
    ["throws", () => { throw new Error("the driver is gone"); }], // biome-ignore format: one line
    ["returns NaN", () => Number.NaN],
  ];
  for (const [what, read] of broken) {
    it(`that ${what} is left out and counted, and takes no other metric with it`, () => {
      const metrics = new Registry();
      metrics.gauge("broken", { help: "Broken.", read });
      metrics.gauge("whole", { help: "Whole.", read: () => 7 });
      const first = metrics.snapshot();
      assert.deepEqual([first.get("broken"), first.value("whole")], [undefined, 7]);
      assert.equal(metrics.snapshot().value("inferometer_callback_errors_total", { metric: "broken" }), 2);
    });
  }

  it("is left out while it fails, and back when it works again", () => {
    const metrics = new Registry();
    let works = false;
    const read = (): number => (works ? 5 : Number.NaN);
    metrics.gauge("shaky", { help: "Shaky.", read });
    assert.equal(metrics.snapshot().get("shaky"), undefined);
    works = true;
    assert.equal(metrics.snapshot().value("shaky"), 5);
  });
});

describe("a gauge of unknown type", () => {
  it("is exposed as untyped, and added up by its rule", () => {
    const snapshots = [3, 5].map((value) => {
      const metrics = new Registry();
      metrics.gauge("kernel_pages", { help: "Pages.", type: "unknown", merge: "last" }).set(value);
      return metrics.snapshot();
    });
    const merged = merge(...snapshots).get("kernel_pages");
    assert.equal(merged?.type, "unknown");
    assert.equal(merged?.value(0), 5);
  });

  it("is not the gauge of the same name", () => {
    const metrics = new Registry();
    metrics.gauge("kernel_pages", { help: "Pages." });
    assert.throws(() => metrics.gauge("kernel_pages", { help: "Pages.", type: "unknown" }), { code: "METRIC_CONFLICT" });
  });
});
