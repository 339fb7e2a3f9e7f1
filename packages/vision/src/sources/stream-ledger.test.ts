import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { compareIds, StreamLedger, type StreamTally } from "./stream-ledger.ts";

/** A stream with MAXLEN, and its entries numbered from 1. */
class Model {
  readonly #most: number;
  #added = 0;
  constructor(most: number) {
    this.#most = most;
  }
  add(count: number): void {
    this.#added += count;
  }
  get first(): number {
    return Math.max(1, this.#added - this.#most + 1);
  }
  tally(): StreamTally {
    const length = Math.min(this.#added, this.#most);
    return { added: this.#added, length, firstId: length === 0 ? "" : idOf(this.first), lastId: idOf(this.#added), others: 0 };
  }
}
const idOf = (number: number): string => `${number}-0`;

test("ids are ordered by their numbers", () => {
  assert.deepEqual(["10-2", "9-11", "10-10", "9-2"].sort(compareIds), ["9-2", "9-11", "10-2", "10-10"]);
  assert.equal(compareIds("5-0", "5-0"), 0);
});

test("what was trimmed before a group's consumer came to it is told with the next entry", () => {
  const stream = new Model(5);
  const ledger = new StreamLedger();
  ledger.begin(stream.tally(), "oldest");
  stream.add(3);
  assert.equal(ledger.take(idOf(1), stream.tally()), 0);
  stream.add(20); // 1 to 18 are gone, one of them was had
  assert.equal(ledger.take(idOf(19), stream.tally()), 17);
  assert.equal(ledger.lag, 4);
});

test("a group that begins with new entries does not count the old ones", () => {
  const stream = new Model(5);
  stream.add(100);
  const ledger = new StreamLedger();
  ledger.begin(stream.tally(), "new");
  stream.add(1);
  assert.equal(ledger.take(idOf(101), stream.tally()), 0);
  stream.add(6);
  assert.equal(ledger.take(idOf(103), stream.tally()), 1);
});

test("a stream that begins anew is counted from there", () => {
  const ledger = new StreamLedger();
  ledger.take("50-0", { added: 50, length: 5, firstId: "46-0", lastId: "50-0", others: 0 });
  assert.equal(ledger.take("60-0", { added: 2, length: 2, firstId: "59-0", lastId: "60-0", others: 0 }), 0);
});

test("once caught up, exactly what was never had has been told, whatever came in between", () => {
  const step = fc.oneof(
    fc.record({ add: fc.integer({ min: 1, max: 12 }) }),
    fc.record({ take: fc.integer({ min: 1, max: 4 }), late: fc.integer({ min: 0, max: 3 }) }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.array(step, { maxLength: 40 }), (most, steps) => {
      const stream = new Model(most);
      const ledger = new StreamLedger();
      ledger.begin(stream.tally(), "oldest");
      let [had, at, told] = [0, 0, 0];
      const take = (late: number): boolean => {
        const next = Math.max(at + 1, stream.first);
        if (next > stream.tally().added) return false;
        at = next;
        had++;
        stream.add(late); // between the entry and the tally
        told += ledger.take(idOf(at), stream.tally());
        assert.ok(told <= at - had + late, "told too many");
        return true;
      };
      for (const each of steps) {
        if ("add" in each) stream.add(each.add);
        else for (let i = 0; i < each.take; i++) take(each.late);
      }
      while (take(0));
      assert.equal(had + told, stream.tally().added);
    }),
  );
});
