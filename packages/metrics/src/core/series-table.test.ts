import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { grown, hashFactor, type LabelValue, SeriesTable } from "./series-table.ts";

/** What a table should do, with a joined key that cannot collide: JSON. */
class Model {
  readonly rows: (readonly LabelValue[])[] = [];

  find(values: readonly LabelValue[]): number {
    const key = JSON.stringify(values.map((value) => value ?? null));
    return this.rows.findIndex((row) => JSON.stringify(row.map((value) => value ?? null)) === key);
  }

  add(values: readonly LabelValue[]): number {
    const found = this.find(values);
    return found === -1 ? this.rows.push(values) - 1 : found;
  }

  removeAt(row: number): void {
    const last = this.rows.pop()!;
    if (row < this.rows.length) this.rows[row] = last;
  }
}

const value = fc.constantFrom("", "a", "b", "|b", "a|", "a,b", "1", "2", "__proto__", "constructor", "\ud83d\ude00", undefined);
const labelSet = fc.tuple(value, value, value);
const command = fc.oneof(
  { weight: 5, arbitrary: labelSet.map((values) => ({ kind: "add" as const, values })) },
  { weight: 2, arbitrary: fc.nat().map((at) => ({ kind: "remove" as const, at })) },
  { weight: 2, arbitrary: labelSet.map((values) => ({ kind: "find" as const, values })) },
);

describe("SeriesTable", () => {
  it("does what a list of rows does, for any adds, finds and removals", () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 400 }), (commands) => {
        const table = new SeriesTable(["x", "y", "z"]);
        const model = new Model();
        for (const each of commands) {
          if (each.kind === "add") assert.equal(table.add(each.values), model.add(each.values));
          else if (each.kind === "find") assert.equal(table.find(each.values), model.find(each.values));
          else if (model.rows.length > 0) {
            table.removeAt(each.at % model.rows.length);
            model.removeAt(each.at % model.rows.length);
          }
          assert.equal(table.length, model.rows.length);
        }
        model.rows.forEach((values, row) => {
          assert.deepEqual(table.values(row), values);
          assert.equal(table.find(values), row);
        });
      }),
      { numRuns: 60 },
    );
  });

  it("finds every row of thousands, and after removals every one that is left", () => {
    const table = new SeriesTable(["a", "b"]);
    const model: string[] = [];
    for (let n = 0; n < 3000; n++) {
      model.push(`${n % 60},${Math.floor(n / 60)}`);
      assert.equal(table.add(model[n]!.split(",")), n);
    }
    for (let n = 0; n < 2500; n++) {
      const row = (n * 7919) % model.length;
      table.removeAt(row);
      const last = model.pop()!;
      if (row < model.length) model[row] = last;
    }
    assert.equal(table.length, 500);
    model.forEach((text, row) => {
      assert.equal(table.find(text.split(",")), row);
    });
    assert.equal(table.find(["0", "nobody"]), -1);
  });

  it("keeps label sets apart that a joined key would merge", () => {
    const sets = [
      ["a|", "b"],
      ["a", "|b"],
      ["1,b:2", "3"],
      ["1", "2,b:3"],
      ["", "ab"],
      ["a", "b"],
      ["ab", ""],
      ["a\u0000", "b"],
      ["a", "\u0000b"],
    ];
    const table = new SeriesTable(["a", "b"]);
    assert.deepEqual(
      sets.map((values) => table.add(values)),
      sets.map((_, row) => row),
    );
    assert.deepEqual(
      sets.map((values) => table.find(values)),
      sets.map((_, row) => row),
    );
  });

  it("tells a label that a row lacks from an empty one", () => {
    const table = new SeriesTable(["a", "b"]);
    table.add(["x", undefined]);
    table.add(["x", ""]);
    assert.deepEqual([table.labels(0), table.labels(1)], [{ a: "x" }, { a: "x", b: "" }]);
  });

  it("shows rows as objects also when a parsed label is called __proto__", () => {
    const table = new SeriesTable(["__proto__", "constructor", "toString"]);
    table.add(["1", "2", "3"]);
    const labels = table.labels(0);
    assert.deepEqual(Object.entries(labels), [
      ["__proto__", "1"],
      ["constructor", "2"],
      ["toString", "3"],
    ]);
    assert.equal(Object.getPrototypeOf(labels), Object.prototype);
  });

  it("holds one row when there are no labels", () => {
    const table = new SeriesTable([]);
    assert.equal(table.find([]), -1);
    assert.deepEqual([table.add([]), table.add([]), table.find([]), table.length], [0, 0, 0, 1]);
  });

  it("keeps of a filtered table only the values that are still used", () => {
    const table = new SeriesTable(["a"]);
    for (let n = 0; n < 100; n++) table.add([`v${n}`]);
    const few = table.filtered((row) => row % 50 === 0);
    assert.deepEqual([few.values(0), few.values(1), few.length], [["v0"], ["v50"], 2]);
    assert.equal(few.dictionaries[0]!.size, 2);
    assert.equal(table.length, 100, "the table itself stays");
  });

  it("spreads grids of values evenly, however many labels they have", () => {
    for (const sizes of [
      [100, 100],
      [20, 20, 20],
      [100, 2, 100],
      [10, 10, 10, 10],
      [4, 4, 4, 4, 4, 4],
    ]) {
      const table = new SeriesTable(sizes.map((_, k) => `l${k}`));
      const count = sizes.reduce((product, size) => product * size, 1);
      for (let n = 0; n < count; n++) table.add(digits(n, sizes));
      assert.ok(meanProbes(table) < 4, `${sizes.join(" x ")}: ${meanProbes(table)} probes a look-up`);
    }
  });
});

describe("grown", () => {
  it("doubles small arrays and adds a quarter to large ones", () =>
    assert.deepEqual([grown(4), grown(1000), grown(1024), grown(4000)], [8, 2000, 1280, 5000]));
});

function digits(n: number, sizes: readonly number[]): string[] {
  let rest = n;
  return sizes.map((size) => {
    const digit = rest % size;
    rest = Math.floor(rest / size);
    return String(digit);
  });
}

function meanProbes(table: SeriesTable): number {
  let probes = 0;
  for (let row = 0; row < table.length; row++) {
    let hash = 0;
    table.columns.forEach((column, k) => {
      hash = (hash + Math.imul(column[row]!, hashFactor(k))) | 0;
    });
    let at = (hash ^ (hash >>> 15)) & table.mask;
    for (probes++; table.table[at] !== row; at = (at + 1) & table.mask) probes++;
  }
  return probes / table.length;
}
