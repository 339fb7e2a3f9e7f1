import assert from "node:assert/strict";
import { test } from "node:test";
import { hostParts } from "@inferometer/metrics/collectors";
import { ALL, type Choice, choose, keyOf, namesOf } from "./choice.ts";

const of = (collect: readonly string[], exclude: readonly string[] = [], from: Choice = ALL): Choice =>
  choose({ collect, exclude }, { from, where: "The agent" });

test("without names, all is collected", () => {
  assert.deepEqual(of([]), ALL);
});

test("names say what is collected, and what is excluded wins", () => {
  assert.deepEqual(of(["meminfo", "cpu", "gpu"]), { parts: ["cpu", "meminfo"], beside: ["gpu"] });
  assert.deepEqual(of(["host"]), { parts: hostParts, beside: [] });
  assert.deepEqual(of([], ["host", "process"]), { parts: [], beside: ["container", "gpu"] });
  assert.deepEqual(of(["cpu", "meminfo"], ["cpu"]), { parts: ["meminfo"], beside: [] });
  assert.deepEqual(of(["host"], ["arp"]).parts.includes("arp"), false);
});

test("a choice out of a choice has nothing that was left out before", () => {
  const from = of([], ["gpu", "arp"]);
  assert.deepEqual(of(["host"], [], from).parts.includes("arp"), false);
  assert.throws(() => of(["gpu"], [], from), { code: "OPTION_INVALID", message: /no collector "gpu"/ });
  assert.throws(() => of(["host"], [], of(["gpu"])), { code: "OPTION_INVALID" });
});

test("a name that does not exist is told, with those that do", () => {
  for (const wrong of [of.bind(undefined, ["cpuu"]), of.bind(undefined, [], ["cpuu"])]) {
    assert.throws(wrong, {
      code: "OPTION_INVALID",
      message: /The agent has no collector "cpuu"\. Did you mean "cpu"\? It has: host, container, .*cpu, /,
    });
  }
});

test("equal choices have equal keys, others have not", () => {
  assert.equal(keyOf(of(["cpu", "arp"])), keyOf(of(["arp", "cpu", "cpu"])));
  assert.notEqual(keyOf(of(["cpu"])), keyOf(of(["arp"])));
});

test("names come one by one or in lists", () => {
  assert.deepEqual(namesOf(["cpu, meminfo,", "gpu"]), ["cpu", "meminfo", "gpu"]);
});
