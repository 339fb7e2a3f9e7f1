// A journal and a mirror, here in one thread: what the mirror reads from shared memory must be what the registry's own snapshot says.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ManualClock } from "./clock.ts";
import { Journal, type SharedPart } from "./journal.ts";
import { Mirror } from "./mirror.ts";
import { Registry } from "./registry.ts";
import type { FamilySnapshot } from "./snapshot.ts";

function mirrored(metrics: Registry): Mirror {
  const version = new Int32Array(new SharedArrayBuffer(4));
  const mirror = new Mirror(version);
  new Journal(metrics, { version, post: (part: SharedPart) => mirror.add(part) });
  return mirror;
}

/** Everything but what is asked for, series in any order. */
function plain(families: Iterable<FamilySnapshot>): unknown {
  const all = [...families].map((family) => {
    const { name, type, help, unit, rule, labelNames } = family;
    const rows = Array.from({ length: family.length }, (_, row) => {
      const point = type === "histogram" ? family.histogram(row) : family.value(row);
      return [JSON.stringify(family.labels(row)), { point, created: family.created?.[row] }] as const;
    });
    return [name, { type, help, unit, rule, labelNames, rows: Object.fromEntries(rows) }] as const;
  });
  return Object.fromEntries(all);
}

function agrees(metrics: Registry, mirror: Mirror): void {
  const asked = new Set(mirror.asked().names);
  const own = metrics.snapshot().families.filter(({ name }) => !asked.has(name));
  assert.deepEqual(plain(mirror.read()), plain(own));
}

const value = fc.constantFrom("a", "b", "ä\u{1f600}", "", "long ".repeat(100), "__overflow__", ...Array.from({ length: 12 }, (_, n) => `v${n}`));
const action = fc.record({
  kind: fc.constantFrom(
    "inc",
    "inc",
    "inc",
    "set",
    "observe",
    "observe",
    "state",
    "info",
    "remove",
    "clear",
    "reset",
    "unregister",
    "snapshot",
    "wait",
  ),
  x: value,
  by: fc.constantFrom(0, 1, 2.5, 1e-9, 1e9),
});

describe("a mirror of a registry in shared memory", () => {
  it("says what the registry says, whatever is recorded, removed and declared anew", () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 50 }), fc.nat(50), (actions, from) => {
        const clock = new ManualClock();
        const metrics = new Registry({ clock, labels: { site: "ß" } });
        const labels = ["x"] as const;
        let mirror: Mirror | undefined;
        actions.forEach(({ kind, x, by }, n) => {
          const frames = metrics.counter("frames_total", { help: "Frames.", labels, seriesLimit: 6 });
          const fps = metrics.gauge("fps", { help: "Frames a second.", labels: { x: String, side: ["left", "right"] }, merge: "max" });
          const latency = metrics.histogram("latency_seconds", { help: "Time.", labels, buckets: [1, 2], native: {}, unit: "seconds" });
          if (n === from % actions.length) mirror = mirrored(metrics);
          if (kind === "inc") frames.inc({ x }, by);
          else if (kind === "set") fps.set({ x, side: "left" }, by);
          else if (kind === "observe") latency.observe({ x }, by);
          else if (kind === "state") metrics.stateSet("link_state", { help: "Link.", states: ["up", "down"] }).set(by > 1 ? "up" : "down");
          else if (kind === "info") metrics.info("application_info", { help: "What runs.", labels }).set({ x });
          else if (kind === "remove") for (const family of [frames, latency]) family.remove({ x });
          else if (kind === "clear") latency.clear();
          else if (kind === "reset") metrics.reset();
          else if (kind === "unregister") metrics.unregister(by > 1 ? "frames_total" : "fps");
          else if (kind === "snapshot") metrics.snapshot();
          else clock.advance(1000);
          if (mirror !== undefined && (n % 5 === 0 || n === actions.length - 1)) agrees(metrics, mirror);
        });
      }),
      { numRuns: 60 },
    );
  });

  it("follows thousands of series through many chunks and slabs", () => {
    const metrics = new Registry({ clock: new ManualClock() });
    const mirror = mirrored(metrics);
    const frames = metrics.counter("frames_total", { help: "Frames.", labels: ["camera", "zone"] });
    for (let n = 0; n < 9000; n++) frames.inc({ camera: `camera-${n % 100}`, zone: `zone-${n}` }, n);
    agrees(metrics, mirror);
    for (let n = 0; n < 9000; n += 3000) frames.remove({ camera: `camera-${n % 100}`, zone: `zone-${n}` });
    agrees(metrics, mirror);
  });

  it("takes a counter's new beginning over", () => {
    const clock = new ManualClock();
    const metrics = new Registry({ clock });
    const faults = metrics.counter("faults_total", { help: "Faults." });
    const mirror = mirrored(metrics);
    faults.mirror(5);
    clock.advance(1000);
    faults.mirror(3);
    agrees(metrics, mirror);
  });

  it("names what the other thread must be asked for", () => {
    const metrics = new Registry();
    metrics.counter("plain_total", { help: "Plain." });
    metrics.gauge("read_before", { help: "Read.", read: () => 1 });
    const mirror = mirrored(metrics);
    assert.deepEqual(mirror.asked(), { names: ["read_before"], collectors: false });
    metrics.gauge("read_after", { help: "Read.", read: () => 1 });
    metrics.summary("response_seconds", { help: "Summary." });
    metrics.gauge("fading", { help: "Fades.", expireAfter: "1m" });
    const exemplary = metrics.counter("exemplary_total", { help: "Has exemplars." });
    exemplary.inc(1, { exemplar: { trace_id: "1" } });
    metrics.register({ name: "pool", register: () => {}, collect: () => {} });
    const { names, collectors } = mirror.asked();
    assert.deepEqual([...names].sort(), ["exemplary_total", "fading", "read_after", "read_before", "response_seconds"]);
    assert.equal(collectors, true);
    assert.ok(mirror.read().every(({ name }) => !names.includes(name)));
  });

  it("reads on when the writer stopped in the middle of a move", () => {
    const version = new Int32Array(new SharedArrayBuffer(4));
    const mirror = new Mirror(version);
    const metrics = new Registry();
    new Journal(metrics, { version, post: (part) => mirror.add(part) });
    metrics.counter("frames_total", { help: "Frames." }).inc(5);
    Atomics.add(version, 0, 1);
    assert.equal(mirror.read()[0]!.value(), 5);
  });
});
