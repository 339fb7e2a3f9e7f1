import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "./clock.ts";
import { Registry } from "./registry.ts";
import { SeriesTable } from "./series-table.ts";
import { FamilySnapshot, type Snapshot } from "./snapshot.ts";

/** Everything a snapshot says, as plain data. */
function all(snapshot: Snapshot): unknown {
  return [...snapshot].map((family) => [
    ...[family.name, family.type, family.length, family.labelNames],
    Array.from({ length: family.length }, (_, row) => [
      ...[family.labels(row), family.value(row), family.created?.[row], family.exemplars?.get(row)],
      family.type === "histogram" ? family.histogram(row) : family.type === "summary" ? family.summary(row) : undefined,
    ]),
  ]);
}

function populated() {
  const clock = new ManualClock(1000);
  const metrics = new Registry({ clock });
  const labels = ["x"] as const;
  const frames = metrics.counter("frames_total", { help: "F.", labels });
  const fps = metrics.gauge("fps", { help: "F.", labels, expireAfter: "1m" });
  const latency = metrics.histogram("latency_seconds", { help: "L.", labels, buckets: [1, 2], native: {} });
  const response = metrics.summary("response_seconds", { help: "R.", labels });
  const link = metrics.stateSet("link_state", { help: "L.", states: ["up", "down"] });
  const info = metrics.info("application_info", { help: "A.", labels });
  const record = (x: string, value: number): void => {
    frames.inc({ x }, value, { exemplar: { id: x } });
    fps.set({ x }, value);
    latency.observe({ x }, value, { exemplar: { id: x } });
    response.observe({ x }, value);
    link.set(value % 2 === 0 ? "up" : "down");
    info.set({ x });
  };
  for (const [x, value] of [
    ["a", 1],
    ["b", 2],
    ["c", 3],
  ] as const)
    record(x, value);
  return { clock, metrics, frames, fps, latency, response, record };
}

describe("a snapshot stays as it was while the registry", () => {
  type World = ReturnType<typeof populated>;
  const changes: Readonly<Record<string, (world: World) => void>> = {
    "records more": ({ record }) => record("a", 50),
    "grows by thousands of series": ({ record }) => {
      for (let n = 0; n < 1000; n++) record(`new-${n}`, n);
    },
    "loses series": ({ frames, fps, latency, response }) => {
      for (const family of [frames, fps, latency, response]) for (const x of ["a", "c"]) family.remove({ x });
    },
    "loses series and gets others": ({ frames, latency, response, record }) => {
      for (const family of [frames, latency, response]) family.remove({ x: "a" });
      record("d", 4);
      record("e", 5);
    },
    "is reset": ({ clock, metrics, record }) => {
      clock.advance(5000);
      metrics.reset();
      record("b", 7);
    },
    "is cleared": ({ metrics }) => metrics.clear(),
    "lets series expire": ({ clock, metrics, record }) => {
      clock.advance(120_000);
      metrics.snapshot();
      record("z", 9);
    },
    "widens native histograms": ({ latency }) => {
      for (const value of [1e-9, 1e9, -1e5]) latency.observe({ x: "a" }, value);
    },
  };
  for (const [what, change] of Object.entries(changes)) {
    it(`${what}; so does the one after`, () => {
      const world = populated();
      const first = world.metrics.snapshot();
      const before = structuredClone(all(first));
      change(world);
      const second = world.metrics.snapshot();
      const after = structuredClone(all(second));
      assert.deepEqual(all(first), before);
      change(world);
      world.metrics.snapshot();
      assert.deepEqual(all(first), before);
      assert.deepEqual(all(second), after);
    });
  }
});

describe("a family's snapshot", () => {
  const snapshot = populated().metrics.snapshot();
  const latency = snapshot.get("latency_seconds")!;

  it("finds rows by their labels, and only those", () => {
    assert.equal(latency.labels(latency.row({ x: "b" })).x, "b");
    assert.deepEqual([latency.row({ x: "none" }), latency.row({}), latency.row({ toString: "b" })], [-1, -1, -1]);
  });

  it("does not find rows that came later, though they share its table", () => {
    const { metrics, record } = populated();
    const before = metrics.snapshot().get("frames_total")!;
    record("later", 1);
    assert.equal(before.row({ x: "later" }), -1);
    assert.equal(before.table.length > before.length, true);
  });

  it("has the count as the value of histograms and summaries", () => {
    assert.deepEqual([latency.value(0), snapshot.get("response_seconds")!.value(0), latency.quantile(1, latency.row({ x: "a" }))], [1, 1, 1]);
    assert.ok(Number.isNaN(snapshot.get("frames_total")!.value(99)));
  });

  it("refuses to read a type as another", () => {
    const message = "frames_total is a counter, so it has no histogram to read. Read value(row), histogram(row) or summary(row) after its type.";
    assert.throws(() => snapshot.get("frames_total")!.histogram(), { code: "OPTION_INVALID", message });
    assert.throws(() => latency.summary(), { code: "OPTION_INVALID", message: /is a histogram, so it has no summary to read/ });
  });

  it("leaves out the buckets that a parsed row lacks", () => {
    const table = new SeriesTable([]);
    table.add([]);
    const values = Float64Array.of(1, Number.NaN, 4, 9);
    const family = new FamilySnapshot({ name: "h", type: "histogram", help: "", table, length: 1, values, bounds: [1, 2] });
    assert.deepEqual(family.histogram().buckets, [
      [1, 1],
      [Number.POSITIVE_INFINITY, 5],
    ]);
  });

  it("has labels of its constants and its table, whatever they are called", () => {
    const table = new SeriesTable(["__proto__"]);
    table.add(["1"]);
    const family = new FamilySnapshot({
      name: "m",
      type: "gauge",
      help: "",
      table,
      length: 1,
      values: Float64Array.of(5),
      constants: [["constructor", "2"]],
    });
    assert.deepEqual(Object.entries(family.labels(0)), [
      ["constructor", "2"],
      ["__proto__", "1"],
    ]);
    assert.equal(family.row(family.labels(0)), 0);
  });
});

describe("a snapshot", () => {
  it("gives values by name and labels, or undefined", () => {
    const snapshot = populated().metrics.snapshot();
    assert.deepEqual(
      [snapshot.value("frames_total", { x: "c" }), snapshot.value("frames_total", { x: "none" }), snapshot.value("none")],
      [3, undefined, undefined],
    );
    assert.equal(snapshot.get("none"), undefined);
  });
});
