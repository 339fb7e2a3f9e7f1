import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ManualClock } from "./clock.ts";
import { Journal } from "./journal.ts";
import { Mirror } from "./mirror.ts";
import { Registry } from "./registry.ts";
import type { FamilySnapshot } from "./snapshot.ts";

function mirrored(registry: Registry): Mirror {
  const version = new Int32Array(new SharedArrayBuffer(4));
  const mirror = new Mirror(version);
  new Journal(registry, { version, post: (part) => mirror.add(part) });
  return mirror;
}

/** All that a snapshot says, in an order of its own: a mirror may hold rows in another. */
function told(families: Iterable<FamilySnapshot>): Record<string, unknown> {
  return Object.fromEntries(
    [...families].map((family) => {
      const rows = Array.from({ length: family.length }, (_, row) =>
        JSON.stringify([
          family.labels(row),
          [...family.values.subarray(row * family.stride, (row + 1) * family.stride)],
          family.created?.[row],
          family.natives?.[row],
        ]),
      );
      return [family.name, [family.type, family.help, family.unit, family.rule, family.bounds, rows.sort()]];
    }),
  );
}

describe("Mirror", () => {
  it("says what the registry's snapshot says, whatever happened before", () => {
    const label = fc.constantFrom("a", "b", "c", "d", "e", "f", "\ud83d\ude00", 'x"\n', "");
    const step = fc.oneof(
      fc.record({ kind: fc.constant("inc"), label, by: fc.nat(100_000) }),
      fc.record({ kind: fc.constant("observe"), label, by: fc.double({ min: -1e6, max: 1e6, noNaN: true }) }),
      fc.record({ kind: fc.constant("remove"), label, by: fc.nat(1) }),
      fc.record({ kind: fc.constantFrom("look", "read", "clear", "reset", "late"), label, by: fc.nat(3) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const clock = new ManualClock();
        const registry = new Registry({ clock, labels: { site: "lab" }, namespace: "n" });
        const counter = registry.counter("frames_total", { help: "F.", labels: ["id"] });
        const early = mirrored(registry);
        const histogram = registry.histogram("size_bytes", { help: "S.", unit: "bytes", labels: ["id"], buckets: [1, 100], native: {} });
        registry.gauge("level", { help: "L.", merge: "max" }).set(0.1);
        for (const { kind, label: id, by } of steps) {
          clock.advance(1000);
          if (kind === "inc") counter.inc({ id }, by);
          else if (kind === "observe") histogram.observe({ id }, by);
          else if (kind === "remove") (by === 0 ? counter : histogram).remove({ id });
          else if (kind === "look") registry.snapshot();
          else if (kind === "read") early.read();
          else if (kind === "clear") counter.clear();
          else if (kind === "reset") registry.reset();
          else registry.counter(`late_${by}_total`, { help: "L." }).inc();
        }
        assert.deepEqual(told(early.read()), told(registry.snapshot()));
        assert.deepEqual(told(mirrored(registry).read()), told(registry.snapshot()));
      }),
      { numRuns: 150 },
    );
  });

  it("leaves a snapshot as it was when its series go", () => {
    const registry = new Registry();
    const counter = registry.counter("frames_total", { help: "F.", labels: ["id"] });
    for (const id of ["a", "b", "c"]) counter.inc({ id });
    const mirror = mirrored(registry);
    const before = mirror.read();
    const said = told(before);
    counter.remove({ id: "a" });
    counter.inc({ id: "d" });
    mirror.read();
    assert.deepEqual(told(before), said);
  });

  it("is told of one removal in a few units, not of all that stays", () => {
    const registry = new Registry();
    const counter = registry.counter("frames_total", { help: "F.", labels: ["id"] });
    for (let k = 0; k < 9000; k++) counter.inc({ id: `id-${k}` });
    const version = new Int32Array(new SharedArrayBuffer(4));
    let chunks = 0;
    const mirror = new Mirror(version);
    new Journal(registry, {
      version,
      post: (part) => {
        if ("chunk" in part) chunks++;
        mirror.add(part);
      },
    });
    const atFirst = chunks;
    for (let k = 0; k < 1000; k++) counter.remove({ id: `id-${k}` });
    assert.ok(chunks - atFirst <= 1, `${chunks - atFirst} chunks`);
    assert.equal(mirror.read()[0]?.length, 8000);
  });

  it("names what must be asked for: summaries, callbacks, what expires, what has exemplars; and whether there are collectors", () => {
    const registry = new Registry();
    const mirror = mirrored(registry);
    const plain = registry.counter("plain_total", { help: "P." });
    registry.summary("wait_seconds", { help: "W." });
    registry.gauge("pool_size", { help: "P.", read: () => 1 });
    registry.counter("idle_total", { help: "I.", labels: ["id"], expireAfter: "1m" });
    assert.deepEqual(mirror.asked(), { names: ["wait_seconds", "pool_size", "idle_total"], collectors: false });
    plain.inc(1, { exemplar: { trace_id: "t" } });
    registry.register({ name: "c", register: () => {}, collect: () => {} });
    const { names, collectors } = mirror.asked();
    assert.ok(names.includes("plain_total") && collectors);
    assert.deepEqual(
      mirror.read().filter(({ name }) => name === "plain_total"),
      [],
    );
  });

  it("follows metrics that are unregistered, and registered anew as another type", () => {
    const registry = new Registry();
    const mirror = mirrored(registry);
    registry.counter("frames_total", { help: "F." }).inc(3);
    registry.unregister("frames_total");
    registry.gauge("frames", { help: "F." }).set(2);
    assert.deepEqual(
      mirror.read().map(({ name, type }) => [name, type]),
      [["frames", "gauge"]],
    );
  });
});
