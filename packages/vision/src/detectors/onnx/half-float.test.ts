import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { fromHalf, readHalves, toHalf } from "./half-float.ts";

test("known numbers have the bits that IEEE 754 gives them", () => {
  const known: readonly (readonly [number, number])[] = [
    [0, 0x0000],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [1 / 3, 0x3555],
    [65_504, 0x7bff],
    [65_519, 0x7bff],
    [65_520, 0x7c00],
    [Infinity, 0x7c00],
    [-Infinity, 0xfc00],
    [2 ** -14, 0x0400],
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000],
    [1.5 * 2 ** -24, 0x0002],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [114 / 255, 0x3727],
  ];
  for (const [value, half] of known) assert.equal(toHalf(value).toString(16), half.toString(16), String(value));
  assert.ok(Number.isNaN(fromHalf(toHalf(Number.NaN))));
});

test("all 63 490 halves that are a number survive the way there and back", () => {
  const numbers = Array.from({ length: 65_536 }, (_, half) => half).filter((half) => !Number.isNaN(fromHalf(half)));
  assert.equal(numbers.length, 63_490);
  assert.deepEqual(
    numbers.filter((half) => toHalf(fromHalf(half)) !== half),
    [],
  );
});

test("no half is nearer to a number than the one it gets", () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, min: -65_500, max: 65_500 }), (value) => {
      const half = toHalf(value);
      const error = Math.abs(fromHalf(half) - value);
      for (const other of [half - 1, half + 1]) {
        const away = Math.abs(fromHalf(other & 0xffff) - value);
        assert.ok(!(away < error), `${value} is nearer to ${fromHalf(other)} than to ${fromHalf(half)}`);
      }
    }),
  );
});

test("whole arrays are read as one half is", () => {
  const halves = Uint16Array.from([0x3c00, 0xc000, 0x7c00, 0x3555, 0x0001]);
  const into = new Float32Array(5);
  readHalves(halves, into);
  assert.deepEqual([...into], [...halves].map(fromHalf));
});
