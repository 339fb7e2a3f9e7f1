import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import fc from "fast-check";
import { KernelText } from "./kernel-text.ts";
import { KeyTable } from "./key-table.ts";

function textOf(keys: readonly string[]): KernelText {
  const text = new KernelText();
  text.bytes = Buffer.from(`${keys.join("\n")}\n\0`);
  text.set(text.bytes.length - 1);
  return text;
}

function pass<V>(table: KeyTable<V>, keys: readonly string[]): V[] {
  const text = textOf(keys);
  const found: V[] = [];
  table.begin();
  for (; text.word(); text.nextLine()) found.push(table.of(text));
  table.end();
  return found;
}

describe("KeyTable", () => {
  it("makes a value at a key's first sight and gives it back while the key stays", () => {
    let made = 0;
    const table = new KeyTable((key) => ({ key, number: made++ }));
    const first = pass(table, ["eth0", "eth1"]);
    assert.deepEqual(
      first.map(({ key }) => key),
      ["eth0", "eth1"],
    );
    assert.deepEqual(pass(table, ["eth0", "eth1"]), first);
    assert.equal(made, 2);
  });

  it("forgets a key that a pass does not see, and says so", () => {
    const dropped: string[] = [];
    const table = new KeyTable((key) => key, { drop: (value) => dropped.push(value) });
    pass(table, ["a", "b", "c"]);
    pass(table, ["a", "c"]);
    assert.deepEqual(dropped, ["b"]);
    assert.deepEqual(table.values, ["a", "c"]);
  });

  it("does what a Map would, however keys come, go and change places", () => {
    const key = fc.constantFrom("veth1", "veth2", "veth10", "lo", "eth0", "x", "wlan0:1");
    fc.assert(
      fc.property(fc.array(fc.uniqueArray(key), { maxLength: 8 }), (passes) => {
        const dropped: object[] = [];
        const table = new KeyTable((name) => ({ name }), { drop: (value) => dropped.push(value) });
        let known = new Map<string, object>();
        let expectedDrops = 0;
        for (const keys of passes) {
          const found = pass(table, keys);
          assert.deepEqual(
            found.map(({ name }) => name),
            keys,
          );
          found.forEach((value, k) => {
            const before = known.get(keys[k]!);
            if (before !== undefined) assert.equal(value, before, "the same value as before");
          });
          expectedDrops += [...known.keys()].filter((name) => !(keys as readonly string[]).includes(name)).length;
          known = new Map(found.map((value) => [value.name, value]));
          assert.deepEqual(table.values, found);
          assert.equal(dropped.length, expectedDrops);
        }
      }),
    );
  });
});
