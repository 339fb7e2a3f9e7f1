import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { BitMask } from "./bit-mask.ts";
import { joinNear, type Region, RegionFinder } from "./regions.ts";

/** Regions by flood fill: slow, and plainly right. */
function flooded(rows: readonly string[]): Region[] {
  const left = new Set(rows.flatMap((row, y) => [...row].flatMap((pixel, x) => (pixel === "#" ? [`${x},${y}`] : []))));
  const regions: Region[] = [];
  for (const first of left) {
    const members: [number, number][] = [];
    const queue = [first];
    left.delete(first);
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const [x, y] = next.split(",").map(Number) as [number, number];
      members.push([x, y]);
      for (const [dx, dy] of [
        [-1, -1],
        [0, -1],
        [1, -1],
        [-1, 0],
        [1, 0],
        [-1, 1],
        [0, 1],
        [1, 1],
      ] as const) {
        if (left.delete(`${x + dx},${y + dy}`)) queue.push(`${x + dx},${y + dy}`);
      }
    }
    const xs = members.map(([x]) => x);
    const ys = members.map(([, y]) => y);
    const [x, y] = [Math.min(...xs), Math.min(...ys)];
    regions.push({ x, y, width: Math.max(...xs) - x + 1, height: Math.max(...ys) - y + 1, area: members.length });
  }
  return regions;
}

function found(rows: readonly string[], leastArea = 1): Region[] {
  const mask = new BitMask(rows[0]!.length, rows.length);
  mask.load(
    Uint8Array.from(rows.join(""), (pixel) => (pixel === "#" ? 1 : 0)),
    1,
  );
  return new RegionFinder().find(mask, leastArea);
}

const byPlace = (a: Region, b: Region): number => a.y - b.y || a.x - b.x || a.area - b.area || a.width - b.width || a.height - b.height;

test("regions are those that a flood fill finds", () => {
  const row = (width: number) => fc.array(fc.constantFrom("#", "#", "."), { minLength: width, maxLength: width }).map((pixels) => pixels.join(""));
  const rows = fc.integer({ min: 1, max: 40 }).chain((width) => fc.array(row(width), { minLength: 1, maxLength: 9 }));
  fc.assert(fc.property(rows, (picture) => assert.deepEqual(found(picture).sort(byPlace), flooded(picture).sort(byPlace))));
});

test("arms that meet only at the bottom are one region, and so is what touches at a corner", () => {
  assert.deepEqual(found(["#.#.#", "#.#.#", "#####"]), [{ x: 0, y: 0, width: 5, height: 3, area: 11 }]);
  assert.deepEqual(found(["#..", ".#.", "..#"]), [{ x: 0, y: 0, width: 3, height: 3, area: 3 }]);
});

test("small regions are left out", () => {
  assert.deepEqual(found(["#..##", "...##"], 2), [{ x: 3, y: 0, width: 2, height: 2, area: 4 }]);
});

test("a finder can be used again for a picture with many more runs", () => {
  const finder = new RegionFinder();
  const mask = new BitMask(100, 100);
  assert.deepEqual(finder.find(mask, 1), []);
  mask.load(
    Uint8Array.from({ length: 10_000 }, (_, at) => (at % 2 === 0 && Math.floor(at / 100) % 2 === 0 ? 1 : 0)),
    1,
  );
  assert.equal(finder.find(mask, 1).length, 50 * 50);
});

const region = (x: number, y: number, width: number, height: number): Region => ({ x, y, width, height, area: width * height });

test("parts above each other are joined across a small gap, people side by side are not", () => {
  assert.deepEqual(joinNear([region(10, 0, 10, 10), region(11, 13, 9, 20)], 4), [{ x: 10, y: 0, width: 10, height: 33, area: 280 }]);
  assert.equal(joinNear([region(10, 0, 10, 10), region(11, 15, 9, 20)], 4).length, 2, "the gap is too wide");
  assert.equal(joinNear([region(10, 0, 10, 30), region(21, 0, 10, 30)], 4).length, 2, "side by side");
  assert.equal(joinNear([region(0, 0, 100, 10), region(11, 12, 9, 20)], 4).length, 2, "a person under a lintel");
});

test("what lies mostly inside another box is part of it, and joining goes on until nothing changes", () => {
  assert.deepEqual(joinNear([region(0, 0, 30, 30), region(25, 5, 8, 8)], 0), [{ x: 0, y: 0, width: 33, height: 30, area: 964 }]);
  assert.equal(joinNear([region(0, 0, 10, 10), region(0, 24, 10, 10), region(0, 12, 10, 10)], 3).length, 1);
});
