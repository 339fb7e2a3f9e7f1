import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Arena } from "./arena.ts";
import { ManualClock } from "./clock.ts";
import { CounterData } from "./counter.ts";
import type { Home } from "./family.ts";
import { declaredLabels, type LabelSpec } from "./labels.ts";
import { canGenerateCode, plainRecorder } from "./lookup.ts";

type Record = (labels: object | undefined, by?: number) => void;
type LabelSet = Readonly<globalThis.Record<string, string>>;

/** The two record paths: which one a family takes depends on the runtime; both must do the same. */
const PATHS: readonly (readonly [name: string, pathOf: (data: CounterData) => Record])[] = [
  ["generated", (data) => data.record as Record],
  ["plain", (data) => plainRecorder(data).record],
];

function family(labels: LabelSpec, seriesLimit = 10_000): { readonly data: CounterData; readonly overflows: () => number } {
  let overflows = 0;
  const countOverflow = (): number => ++overflows;
  const home: Home = {
    arena: new Arena(),
    clock: new ManualClock(),
    constants: [],
    hasRoom: () => true,
    countSeries: () => {},
    countOverflow,
    watcher: undefined,
    collector: undefined,
  };
  const definition = {
    name: "m_total",
    type: "counter",
    help: "M.",
    unit: "",
    labels: declaredLabels(labels, "m_total"),
    rule: "sum",
    seriesLimit,
  } as const;
  return { data: new CounterData(home, { ...definition, expireAfterMs: undefined }), overflows: () => overflows };
}

function totals(data: CounterData): Map<string, number> {
  const { table } = data;
  return new Map(Array.from({ length: table.length }, (_, row) => [JSON.stringify(table.values(row)), data.childAt(row).value()]));
}

/** Values that a hurried cache would mix up: same ends, same lengths, one inside the other, characters that are cleaned. */
const tail = "x".repeat(30);
const value = fc.oneof(
  fc.constantFrom("", "a", "b", "ab", "a|", "|b", "\u0000", "__proto__", "constructor", "__overflow__", "\ud83d\ude00", "\ud83d", "\ufffd", "ä"),
  fc.constantFrom(`1${tail}`, `2${tail}`, `${tail}1`, `${tail}2`, `1${tail}1`, "y".repeat(2000), `${"y".repeat(2000)}z`),
  fc.integer({ min: 0, max: 40 }).map((n) => `camera-${n}`),
);
const action = fc.oneof(
  { weight: 12, arbitrary: fc.tuple(value, value, fc.integer({ min: 0, max: 5 })).map(([a, b, by]) => ({ kind: "inc" as const, a, b, by })) },
  { weight: 2, arbitrary: fc.nat().map((at) => ({ kind: "remove" as const, at })) },
  { weight: 1, arbitrary: fc.constantFrom("clear", "reset", "snapshot").map((kind) => ({ kind: kind as "clear" | "reset" | "snapshot" })) },
);

const cleaned = (text: string): string => {
  const cut = text.length > 1024 ? `${text.slice(0, 1023)}…` : text;
  return cut === "\ud83d" ? "\ufffd" : cut;
};

describe("the look-up of label sets", () => {
  it("is generated where that is allowed", () => assert.equal(canGenerateCode(), true));

  for (const [name, pathOf] of PATHS) {
    it(`counts as a map of label sets does, whatever comes, goes and overflows (${name})`, () => {
      fc.assert(
        fc.property(fc.array(action, { maxLength: 250 }), fc.constantFrom(4, 10_000), (actions, limit) => {
          const { data, overflows } = family(["a", "b"], limit);
          const record = pathOf(data);
          let model = new Map<string, number>();
          let over = 0;
          const OVER = JSON.stringify(["__overflow__", "__overflow__"]);
          for (const each of actions) {
            if (each.kind === "inc") {
              record({ a: each.a, b: each.b }, each.by);
              let key = JSON.stringify([cleaned(each.a), cleaned(each.b)]);
              if (!model.has(key) && model.size >= limit) {
                over++;
                key = OVER;
              }
              model.set(key, (model.get(key) ?? 0) + each.by);
            } else if (each.kind === "remove" && data.table.length > 0) {
              const row = each.at % data.table.length;
              model.delete(JSON.stringify(data.table.values(row)));
              data.removeRow(row);
            } else if (each.kind === "clear") {
              data.clear();
              model.clear();
            } else if (each.kind === "reset") {
              data.reset();
              model = new Map([...model.keys()].map((key) => [key, 0]));
            } else if (each.kind === "snapshot") data.snapshot();
          }
          assert.deepEqual(new Map([...totals(data)].sort()), new Map([...model].sort()));
          assert.equal(overflows(), over);
        }),
        { numRuns: 150 },
      );
    });

    it(`finds each of thousands of label sets, in any order and again after growth (${name})`, () => {
      const { data } = family(["a", "b", "c"]);
      const record = pathOf(data);
      const sets = Array.from({ length: 4000 }, (_, n) => ({
        a: `model-${n % 20}`,
        b: `stream-${Math.floor(n / 20) % 20}`,
        c: `zone-${Math.floor(n / 400)}`,
      }));
      for (let round = 0; round < 3; round++) for (let n = 0; n < sets.length; n++) record({ ...sets[(n * 1231) % sets.length]! }, 1);
      assert.equal(data.table.length, 4000);
      assert.ok([...totals(data).values()].every((total) => total === 3));
    });

    it(`takes the same values again and again, and others between (${name})`, () => {
      const { data } = family(["a"]);
      const record = pathOf(data);
      for (let n = 0; n < 1000; n++) record({ a: n % 97 === 0 ? `rare-${n % 3}` : "often" }, 1);
      const often = data.childAt(data.rowOf({ a: "often" })).value();
      assert.equal(often, 1000 - Math.ceil(1000 / 97));
    });

    it(`keeps label sets apart that share a joined text (${name})`, () => {
      const { data } = family(["a", "b"]);
      const record = pathOf(data);
      const sets = [
        ["a|", "b"],
        ["a", "|b"],
        ["1,b:2", "3"],
        ["1", "2,b:3"],
        ["1|2", "3"],
        ["1", "2|3"],
      ].map(([a, b]) => ({ a: a!, b: b! }));
      for (let round = 0; round < 3; round++) for (const labels of sets) record(labels, 1);
      assert.deepEqual([...totals(data).values()], [3, 3, 3, 3, 3, 3]);
    });

    it(`keeps nothing of the caller's object (${name})`, () => {
      const { data } = family(["a"]);
      const labels = { a: "x" };
      pathOf(data)(labels, 1);
      labels.a = "y";
      pathOf(data)(labels, 10);
      labels.a = "x";
      pathOf(data)(labels, 100);
      assert.deepEqual(
        totals(data),
        new Map([
          ['["x"]', 101],
          ['["y"]', 10],
        ]),
      );
    });

    it(`takes labels that are called like members of every object (${name})`, () => {
      const names = ["constructor", "toString", "hasOwnProperty", "valueOf", "length"];
      const { data } = family(names);
      const record = pathOf(data);
      const labels: LabelSet = Object.fromEntries(names.map((label) => [label, "1"]));
      for (let round = 0; round < 3; round++) record(labels, 1);
      assert.deepEqual(totals(data), new Map([[JSON.stringify(names.map(() => "1")), 3]]));
      assert.throws(() => record({}), { code: "LABEL_MISSING", message: /Label "constructor" of m_total is missing/ });
    });

    it(`takes objects of any making: without prototype, frozen, with getters, with symbols (${name})`, () => {
      const { data } = family(["a"]);
      const record = pathOf(data);
      const bare = Object.assign(Object.create(null) as object, { a: "x" });
      const getter = { get a(): string { return "x"; } }; // biome-ignore format: one line
      for (const labels of [bare, Object.freeze({ a: "x" }), getter, { a: "x", [Symbol("s")]: 1 }]) record(labels, 1);
      assert.deepEqual(totals(data), new Map([['["x"]', 4]]));
    });

    const mistakes: readonly (readonly [labels: unknown, code: string, message: RegExp])[] = [
      [undefined, "LABELS_REQUIRED", /m_total has labels \(a, b\), but got undefined. Pass them first: inc\(\{ a, b \}\)/],
      [null, "LABELS_REQUIRED", /but got null/],
      [5, "LABELS_REQUIRED", /but got 5/],
      ["x", "LABELS_REQUIRED", /but got "x"/],
      [{}, "LABEL_MISSING", /Label "a" of m_total is missing. Give all of: a, b/],
      [{ a: "1" }, "LABEL_MISSING", /Label "b" of m_total is missing/],
      [{ a: "1", b: undefined }, "LABEL_MISSING", /Label "b" of m_total is missing/],
      [{ a: "1", c: "2" }, "LABEL_UNKNOWN", /Label "c" is not declared on m_total \(a, b\). Fix the spelling, or declare it at registration/],
      [{ a: "new", b: "2", c: "2" }, "LABEL_UNKNOWN", /Label "c"/],
      [["1", "2"], "LABEL_UNKNOWN", /Label "0"/],
      [{ a: "1", b: 2 }, "LABEL_VALUE_INVALID", /Label "b" of m_total is 2. Label values are strings: pass String\(value\)/],
      [{ a: null, b: "2" }, "LABEL_VALUE_INVALID", /Label "a" of m_total is null/],
      [{ a: ['"', "b"], b: "2" }, "LABEL_VALUE_INVALID", /Label "a" of m_total is an array of 2/],
      [{ a: { toString: () => "1" }, b: "2" }, "LABEL_VALUE_INVALID", /Label "a" of m_total is an object/],
      [{ a: Symbol("1"), b: "2" }, "LABEL_VALUE_INVALID", /Label "a" of m_total is Symbol\(1\)/],
    ];
    for (const [labels, code, message] of mistakes) {
      it(`refuses ${code} ${String(message).slice(1, 40)}, at first sight and later, and counts nothing (${name})`, () => {
        const { data } = family(["a", "b"]);
        const record = pathOf(data);
        assert.throws(() => record(labels as object, 1), { name: "InferometerError", code, message });
        assert.equal(data.table.length, 0);
        for (let round = 0; round < 3; round++) record({ a: "1", b: "2" }, 1);
        assert.throws(() => record(labels as object, 1), { code });
        assert.deepEqual(totals(data), new Map([['["1","2"]', 3]]));
      });
    }

    it(`refuses what is not in a closed set, and lays the set out at zero (${name})`, () => {
      const { data } = family({ model: String, status: ["ok", "error"] });
      const record = pathOf(data);
      assert.throws(() => record({ model: "a", status: "okay" }), {
        code: "LABEL_VALUE_INVALID",
        message: 'Label "status" of m_total is "okay", not one of ok, error. Use one of these, or declare it.',
      });
      assert.equal(data.table.length, 0);
      record({ model: "a", status: "error" }, 2);
      assert.deepEqual(
        totals(data),
        new Map([
          ['["a","error"]', 2],
          ['["a","ok"]', 0],
        ]),
      );
    });
  }
});

describe("the cache of rows", () => {
  for (const [by, make] of [
    ["records", (data: CounterData, labels: LabelSet) => data.record(labels)],
    ["held handles", (data: CounterData, labels: LabelSet) => data.rowOf(labels)],
  ] as const) {
    it(`grows with series that were made by ${by}: hardly one is looked for in the dictionaries once all were seen`, () => {
      const { data } = family(["a", "b"]);
      const sets = Array.from({ length: 500 }, (_, n) => ({ a: `model-${n % 50}`, b: `stream-${Math.floor(n / 50)}` }));
      for (const labels of sets) make(data, labels);
      for (let round = 0; round < 3; round++) for (const labels of sets) data.record(labels);
      const [dictionary] = data.table.dictionaries;
      let asked = 0;
      dictionary!.get = (text) => {
        asked++;
        return Map.prototype.get.call(dictionary, text);
      };
      for (const labels of sets) data.record(labels);
      assert.ok(asked < 100, `${asked} of 500`);
    });
  }
});

describe("where code generation is forbidden", () => {
  it("metrics with labels work all the same", () => {
    const index = new URL("./index.js", import.meta.url).href;
    const lookup = new URL("./lookup.js", import.meta.url).href;
    const program = `
      const { Registry } = await import(${JSON.stringify(index)});
      const { canGenerateCode } = await import(${JSON.stringify(lookup)});
      const metrics = new Registry();
      const frames = metrics.counter("frames_total", { help: "F.", labels: { model: String, status: ["ok", "error"] } });
      const latency = metrics.histogram("latency_seconds", { help: "L.", labels: ["model"] });
      const response = metrics.summary("response_seconds", { help: "R.", labels: ["path"] });
      for (let n = 0; n < 10; n++) frames.inc({ model: "a", status: n % 2 ? "ok" : "error" });
      latency.time({ model: "a" }, () => {});
      response.observe({ path: "/" }, 4);
      let code;
      try { frames.inc({ modle: "a", status: "ok" }); } catch (error) { code = error.code; }
      const snapshot = metrics.snapshot();
      console.log(JSON.stringify([canGenerateCode(), code, snapshot.value("frames_total", { model: "a", status: "ok" }),
        snapshot.value("latency_seconds", { model: "a" }), snapshot.value("response_seconds", { path: "/" })]));`;
    const options = ["--disallow-code-generation-from-strings", "--input-type=module", "--eval", program];
    const { stdout, stderr, status } = spawnSync(process.execPath, options, { encoding: "utf8", timeout: 30_000 });
    assert.equal(status, 0, stderr);
    assert.deepEqual(JSON.parse(stdout), [false, "LABEL_UNKNOWN", 5, 1, 1]);
  });
});

/** The length of the longest function of this name that a program of its own runs; undefined where this Node does not print bytecode. */
function bytecodeOf(name: string, program: string): number | undefined {
  const { NODE_V8_COVERAGE: _, ...env } = process.env; // what counts coverage would be counted
  const options = ["--print-bytecode", `--print-bytecode-filter=${name}`, "--input-type=module", "--eval", program];
  const { stdout } = spawnSync(process.execPath, options, { encoding: "utf8", timeout: 30_000, env, maxBuffer: 2 ** 26 });
  const lengths = [...stdout.matchAll(/^Bytecode length: (\d+)/gm)];
  return lengths.length === 0 ? undefined : Math.max(...lengths.map(([, length]) => Number(length)));
}

describe("the bytecode of a record", () => {
  const index = new URL("./index.js", import.meta.url).href;
  const programOf = (made: string, call: string): string =>
    `const { Registry } = await import(${JSON.stringify(index)});
     const m = new Registry().${made}; for (let n = 10; n < 99; n++) ${call}; // which one character cannot tell apart`;
  const kinds: readonly (readonly [kind: string, program: string, path: readonly string[]])[] = [
    ["counter", programOf('counter("c_total", { help: "C.", labels: ["a", "b"] })', 'm.inc({ a: String(n), b: "b" })'), ["recordAt"]],
    ["gauge", programOf('gauge("g", { help: "G.", labels: ["a", "b"] })', 'm.set({ a: String(n), b: "b" }, n)'), ["recordAt"]],
    [
      "histogram",
      programOf('histogram("h", { help: "H.", labels: ["a", "b"] })', 'm.observe({ a: String(n), b: "b" }, n)'),
      ["recordAt", "countClassic"],
    ],
  ];
  for (const [kind, program, path] of kinds) {
    it(`is with two labels short enough to be inlined as a whole, whatever V8 compiles first (${kind})`, (t) => {
      const lengths = ["record", "find", "placeOfTwo", ...path].map((name) => bytecodeOf(name, program));
      const total = lengths.reduce((sum: number, length) => sum + (length ?? Number.NaN), 0);
      if (Number.isNaN(total)) t.skip("this Node does not print bytecode");
      else assert.ok(total * 1.2 <= 920, `${lengths.join(" + ")} = ${total}`);
    });
  }

  const three = programOf('counter("c_total", { help: "C.", labels: ["a", "b", "c"] })', 'm.inc({ a: String(n), b: "b", c: "c" })');
  for (const [what, name, program] of [
    ["what is rare is", "seek", kinds[0]![1]],
    ["with three labels the search is", "find", three],
  ] as const) {
    it(`${what} too long to be inlined, so that the rest always is`, (t) => {
      const length = bytecodeOf(name, program);
      if (length === undefined) t.skip("this Node does not print bytecode");
      else assert.ok(length > 460, String(length));
    });
  }
});
