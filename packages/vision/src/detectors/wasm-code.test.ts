import assert from "node:assert/strict";
import test from "node:test";
import {
  type Code,
  float,
  get,
  I32,
  i32,
  integer,
  leb,
  load,
  moduleOf,
  repeatUntil,
  set,
  shuffled,
  store,
  storeInteger,
  V128,
  v128,
  when,
} from "./wasm-code.ts";

interface Compiled {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly run: (...floats: number[]) => number;
}

function compiled(body: Code, { floats = 0, locals = [] }: { floats?: number; locals?: readonly (readonly [number, number])[] } = {}): Compiled {
  const { Module, Instance } = Reflect.get(globalThis, "WebAssembly");
  return new Instance(new Module(moduleOf(body, { floats, locals, bytes: 64 }))).exports;
}

test("numbers are written in groups of seven bits", () => {
  for (const [value, bytes] of [
    [0, [0]],
    [127, [127]],
    [128, [128, 1]],
    [624_485, [0xe5, 0x8e, 0x26]],
  ] as const)
    assert.deepEqual(leb(value), bytes);
  for (const value of [0, 63, 64, -1, -64, -65, 8191, 1_000_000, -1_000_000]) assert.equal(compiled(integer(value)).run(), value);
});

test("a loop ends when it is done, and a condition chooses", () => {
  const [at, sum] = [0, 1];
  const body = [
    ...repeatUntil(i32.atLeast(get(at), integer(10)), [
      ...when(i32.atLeast(get(at), integer(5)), set(sum, i32.add(get(sum), get(at))), set(sum, i32.sub(get(sum), integer(1)))),
      ...set(at, i32.add(get(at), integer(1))),
    ]),
    ...get(sum),
  ];
  assert.equal(compiled(body, { locals: [[2, I32]] }).run(), 5 + 6 + 7 + 8 + 9 - 5);
});

test("four floats are read, reckoned with, compared and written", () => {
  const body = [
    ...set(1, v128.fromIntegers(shuffled(load(integer(0), 0), [0, 16, 16, 16, 3, 16, 16, 16, 6, 16, 16, 16, 9, 16, 16, 16]))),
    ...store(integer(0), { offset: 16, value: v128.sub(v128.mul(get(1), v128.splat(get(0))), v128.splat(float(0.5))) }),
    ...storeInteger(integer(32), integer(77)),
    ...v128.bits(v128.greaterThan(get(1), v128.splat(float(20)))),
  ];
  const { memory, run } = compiled(body, { floats: 1, locals: [[1, V128]] });
  new Uint8Array(memory.buffer).set([10, 1, 1, 255, 1, 1, 20, 1, 1, 30]);
  assert.equal(run(2), 0b1010);
  assert.deepEqual([...new Float32Array(memory.buffer, 16, 4)], [19.5, 509.5, 39.5, 59.5]);
  assert.equal(new Int32Array(memory.buffer)[8], 77);
});
