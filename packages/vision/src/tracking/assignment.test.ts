import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { assign } from "./assignment.ts";

/** Least total cost over all pairings, where a row without a column costs nothing and each pair saves `limit` minus its cost. */
function bestSaving(costs: readonly (readonly number[])[], limit: number, row = 0, taken: ReadonlySet<number> = new Set()): number {
  const line = costs[row];
  if (line === undefined) return 0;
  let best = bestSaving(costs, limit, row + 1, taken);
  line.forEach((cost, column) => {
    if (cost >= limit || taken.has(column)) return;
    best = Math.max(best, limit - cost + bestSaving(costs, limit, row + 1, new Set([...taken, column])));
  });
  return best;
}

const flat = (costs: readonly (readonly number[])[], columns: number) => ({ values: Float64Array.from(costs.flat()), rows: costs.length, columns });

test("pairs are as cheap as the best of all pairings, for more rows or more columns", () => {
  const size = fc.integer({ min: 0, max: 5 });
  const tables = fc.record({ rows: size, columns: size }).chain(({ rows, columns }) =>
    fc.record({
      columns: fc.constant(columns),
      costs: fc.array(fc.array(fc.integer({ min: 0, max: 12 }), { minLength: columns, maxLength: columns }), { minLength: rows, maxLength: rows }),
    }),
  );
  fc.assert(
    fc.property(tables, fc.integer({ min: 1, max: 14 }), ({ costs, columns }, limit) => {
      const pairs = [...assign(flat(costs, columns), limit)];
      assert.equal(pairs.length, costs.length);
      const made = pairs.filter((column) => column !== -1);
      assert.equal(new Set(made).size, made.length, "no column twice");
      const saving = pairs.reduce((sum, column, row) => sum + (column === -1 ? 0 : limit - costs[row]![column]!), 0);
      assert.equal(saving, bestSaving(costs, limit));
      for (const [row, column] of pairs.entries()) assert.ok(column === -1 || costs[row]![column]! < limit);
    }),
  );
});

test("a greedy choice is given up for a better whole", () => {
  assert.deepEqual(
    [
      ...assign(
        flat(
          [
            [1, 2],
            [2, 9],
          ],
          2,
        ),
        10,
      ),
    ],
    [1, 0],
  );
});

test("pairs that cost the limit or more, or NaN, are not made", () => {
  assert.deepEqual(
    [
      ...assign(
        flat(
          [
            [0.5, 0.8],
            [0.8, Number.NaN],
          ],
          2,
        ),
        0.8,
      ),
    ],
    [0, -1],
  );
  assert.deepEqual([...assign(flat([[Number.POSITIVE_INFINITY]], 1), 1)], [-1]);
});

test("nothing to pair gives nothing", () => {
  assert.deepEqual([...assign({ values: new Float64Array(0), rows: 0, columns: 3 }, 1)], []);
  assert.deepEqual([...assign({ values: new Float64Array(0), rows: 2, columns: 0 }, 1)], [-1, -1]);
});
