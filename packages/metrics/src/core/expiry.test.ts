import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "./clock.ts";
import { Registry } from "./registry.ts";

function setUp(options: { readonly seriesLimit?: number } = {}) {
  const clock = new ManualClock();
  const metrics = new Registry({ clock });
  const fps = metrics.gauge("fps", { help: "Frames a second.", labels: ["camera"], expireAfter: "10m", ...options });
  const cameras = (): Record<string, number> => {
    const family = metrics.snapshot().get("fps")!;
    return Object.fromEntries(Array.from({ length: family.length }, (_, row) => [family.labels(row).camera, family.value(row)]));
  };
  const minutes = (count: number): void => clock.advance(count * 60_000);
  return { clock, metrics, fps, cameras, minutes };
}

describe("series that expire", () => {
  it("go when nothing was recorded for so long, and not before", () => {
    const { fps, cameras, minutes } = setUp();
    fps.set({ camera: "a" }, 1);
    minutes(5);
    fps.set({ camera: "b" }, 2);
    minutes(4.9);
    assert.deepEqual(cameras(), { a: 1, b: 2 });
    minutes(0.1);
    assert.deepEqual(cameras(), { b: 2 });
    minutes(5);
    assert.deepEqual(cameras(), {});
  });

  it("stay while they are recorded to by any way", () => {
    const { metrics, fps, cameras, minutes } = setUp();
    const expireAfter = "10m";
    const held = fps.labels({ camera: "a" });
    const frames = metrics.counter("frames_total", { help: "F.", labels: ["x"], expireAfter });
    const latency = metrics.histogram("latency_seconds", { help: "L.", labels: ["x"], expireAfter });
    const summary = metrics.summary("response_seconds", { help: "R.", labels: ["x"], expireAfter });
    const ways: readonly (() => void)[] = [
      () => held.set(1),
      () => held.inc(),
      () => held.dec(),
      () => held.setToCurrentTime(),
      () => fps.inc({ camera: "a" }),
      () => fps.dec({ camera: "a" }),
    ];
    for (const way of ways) {
      minutes(9);
      way();
      frames.inc({ x: "1" });
      latency.observe({ x: "1" }, 1);
      summary.time({ x: "1" }, () => {});
      assert.equal(Object.keys(cameras()).length, 1);
      const snapshot = metrics.snapshot();
      for (const name of ["frames_total", "latency_seconds", "response_seconds"]) assert.equal(snapshot.get(name)!.length, 1, name);
    }
    minutes(10);
    const snapshot = metrics.snapshot();
    for (const { name, length } of snapshot) assert.equal(length, 0, name);
  });

  it("are not kept by being read", () => {
    const { fps, cameras, minutes } = setUp();
    fps.set({ camera: "a" }, 1);
    for (let n = 0; n < 4; n++) {
      minutes(2.5);
      fps.value({ camera: "a" });
    }
    assert.deepEqual(cameras(), {});
  });

  it("come back through a held handle, from zero", () => {
    const { fps, cameras, minutes } = setUp();
    const held = fps.labels({ camera: "a" });
    held.set(5);
    minutes(10);
    assert.deepEqual(cameras(), {});
    assert.equal(held.value(), 0);
    held.inc(2);
    assert.deepEqual([cameras(), held.value()], [{ a: 2 }, 2]);
    held.inc(1);
    assert.deepEqual(cameras(), { a: 3 });
  });

  it("come back once, when two handles of them are held", () => {
    const { fps, cameras, minutes } = setUp();
    const old = fps.labels({ camera: "a" });
    minutes(10);
    cameras();
    const young = fps.labels({ camera: "a" });
    fps.set({ camera: "b" }, 100);
    young.inc(1);
    old.inc(10);
    fps.inc({ camera: "a" }, 100);
    assert.deepEqual(cameras(), { a: 111, b: 100 });
    fps.remove({ camera: "b" });
    fps.set({ camera: "c" }, 7);
    young.inc(1);
    old.inc(10);
    assert.deepEqual(cameras(), { a: 122, c: 7 });
  });

  it("leave the others and their handles in place", () => {
    const { fps, cameras, minutes } = setUp();
    const [a, b, c] = ["a", "b", "c"].map((camera) => fps.labels({ camera }));
    minutes(5);
    b!.set(2);
    c!.set(3);
    minutes(5);
    assert.deepEqual(cameras(), { b: 2, c: 3 });
    c!.inc();
    b!.inc();
    a!.set(1);
    assert.deepEqual(cameras(), { b: 3, c: 4, a: 1 });
  });

  it("that were laid out and never used stay, at zero", () => {
    const clock = new ManualClock();
    const metrics = new Registry({ clock });
    const frames = metrics.counter("frames_total", { help: "F.", labels: { status: ["ok", "error"] }, expireAfter: "1m" });
    frames.inc({ status: "ok" });
    clock.advance(60_000);
    const family = metrics.snapshot().get("frames_total")!;
    assert.deepEqual([family.length, family.labels(0)], [1, { status: "error" }]);
  });

  it("expire without labels too, and come back", () => {
    const clock = new ManualClock();
    const metrics = new Registry({ clock });
    const expireAfter = "1m";
    const frames = metrics.counter("frames_total", { help: "F.", expireAfter });
    const fps = metrics.gauge("fps", { help: "F.", expireAfter });
    const latency = metrics.histogram("latency_seconds", { help: "L.", expireAfter });
    const summary = metrics.summary("response_seconds", { help: "R.", expireAfter });
    const lengths = (): number[] => [...metrics.snapshot()].map(({ length }) => length);
    assert.deepEqual(lengths(), [1, 1, 1, 1]);
    clock.advance(60_000);
    assert.deepEqual(lengths(), [0, 0, 0, 0]);
    frames.inc();
    fps.setToCurrentTime();
    latency.observe(1);
    summary.observe(1);
    assert.deepEqual(lengths(), [1, 1, 1, 1]);
    assert.deepEqual([frames.value(), latency.statistics().count, summary.statistics().count], [1, 1, 1]);
  });

  it("are dropped from a summary with their windows", () => {
    const clock = new ManualClock();
    const metrics = new Registry({ clock });
    const response = metrics.summary("response_seconds", { help: "R.", labels: ["path"], expireAfter: "1m", maxAge: "1h" });
    const held = response.labels({ path: "/" });
    held.observe(100);
    clock.advance(60_000);
    metrics.snapshot();
    held.observe(1);
    assert.ok(held.distribution().quantile(1) < 2);
  });
});

describe("series that expire, at the limit", () => {
  it("count under the overflow series until there is room, each for itself then", () => {
    const { metrics, fps, cameras, minutes } = setUp({ seriesLimit: 1 });
    const first = fps.labels({ camera: "a" });
    const second = fps.labels({ camera: "b" });
    const third = fps.labels({ camera: "c" });
    first.set(1);
    second.inc(10);
    third.inc(100);
    assert.deepEqual(cameras(), { a: 1, __overflow__: 110 });
    minutes(10);
    assert.deepEqual(cameras(), {});
    third.inc(5);
    second.inc(7);
    assert.deepEqual(cameras(), { __overflow__: 12 }, "a handle of the overflow series stands for no camera");
    assert.ok(metrics.snapshot().value("inferometer_series_overflow_total", { metric: "fps" })! > 0);
  });

  it("come back to the overflow series when their place is taken, and disturb nobody", () => {
    const { fps, cameras, minutes } = setUp({ seriesLimit: 1 });
    const old = fps.labels({ camera: "old" });
    old.set(1);
    minutes(10);
    cameras();
    fps.set({ camera: "new" }, 5);
    const over = fps.labels({ camera: "other" });
    over.inc(1);
    old.inc(10);
    over.inc(1);
    fps.remove({ camera: "new" });
    over.inc(1);
    old.inc(10);
    assert.deepEqual(cameras(), { __overflow__: 23 });
  });
});
