import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ExemplarStore, exemplarsOf, keepExemplar } from "./exemplar.ts";

const store = (): ExemplarStore => new Map();
const keep = (into: ExemplarStore, labels: unknown, at = { row: 0, place: 0 }): void =>
  keepExemplar(into, at, { labels: labels as Record<string, string>, value: 1, timestamp: 5 });

describe("keepExemplar", () => {
  it("keeps the newest of each place, by value", () => {
    const held = store();
    keepExemplar(held, { row: 0, place: 2 }, { labels: { trace_id: "a" }, value: 9 });
    keepExemplar(held, { row: 0, place: 0 }, { labels: { trace_id: "b" }, value: 0.1 });
    keepExemplar(held, { row: 0, place: 2 }, { labels: { trace_id: "c" }, value: 8 });
    keepExemplar(held, { row: 3, place: 0 }, { labels: {}, value: 7 });
    assert.deepEqual(
      exemplarsOf(held),
      new Map([
        [
          0,
          [
            { labels: { trace_id: "b" }, value: 0.1 },
            { labels: { trace_id: "c" }, value: 8 },
          ],
        ],
        [3, [{ labels: {}, value: 7 }]],
      ]),
    );
  });

  it("copies the caller's labels", () => {
    const held = store();
    const labels = { trace_id: "a" };
    keep(held, labels);
    labels.trace_id = "changed";
    assert.equal(exemplarsOf(held).get(0)![0]!.labels.trace_id, "a");
  });

  it("hands out copies that later records do not change", () => {
    const held = store();
    keep(held, { trace_id: "a" });
    const copy = exemplarsOf(held);
    keep(held, { trace_id: "b" });
    keep(held, { trace_id: "c" }, { row: 1, place: 0 });
    assert.deepEqual([copy.size, copy.get(0)![0]!.labels], [1, { trace_id: "a" }]);
  });

  it("counts characters as people do, 128 at most, names and values together", () => {
    keep(store(), { a: "\u{1f600}".repeat(127) });
    keep(store(), { trace_id: "x".repeat(60), span_id: "x".repeat(53) });
    assert.throws(
      () => keep(store(), { a: "\u{1f600}".repeat(128) }),
      refusal(/The exemplar has 129 characters. Give labels such as .*, at most 128 characters in all/),
    );
  });

  const mistakes: readonly (readonly [what: string, labels: unknown, message: RegExp])[] = [
    ["a text", "4bf92f35", /The exemplar is "4bf92f35"/],
    ["null", null, /The exemplar is null/],
    ["a label name with a dash", { "trace-id": "1" }, /has the label name "trace-id"/],
    ["a number as a value", { trace_id: 7 }, /has 7 for label "trace_id"/],
    ["a value that is missing", { trace_id: undefined }, /has undefined for label "trace_id"/],
  ];
  for (const [what, labels, message] of mistakes) {
    it(`refuses ${what} and keeps nothing of it`, () => {
      const held = store();
      assert.throws(() => keep(held, labels), refusal(message));
      assert.equal(held.size, 0);
    });
  }
});

const refusal = (message: RegExp) => ({ code: "EXEMPLAR_INVALID", message });
