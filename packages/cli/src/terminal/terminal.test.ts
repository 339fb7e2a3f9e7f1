import assert from "node:assert/strict";
import { test } from "node:test";
import { coloured, knowsUnicode, plain, styleFor } from "./style.ts";
import { columns } from "./table.ts";
import { bytes, clock, count, duration, percent, rate } from "./units.ts";
import { wrap } from "./wrap.ts";

test("numbers have three digits and their unit", () => {
  assert.deepEqual([0, 12, 999, 1000, 1234567].map(count), ["0", "12", "999", "1 000", "1 234 567"]);
  assert.deepEqual([0, 0.00000012, 0.000421, 0.00421, 0.0421, 0.0999, 0.421, 0.9994, 0.9999, 4.21, 42.1].map(duration), [
    "0 ms",
    "0.0001 ms",
    "0.421 ms",
    "4.21 ms",
    "42.1 ms",
    "99.9 ms",
    "421 ms",
    "999 ms",
    "1.00 s",
    "4.21 s",
    "42.1 s",
  ]);
  assert.deepEqual([0, 59.6, 121, 3721].map(clock), ["0:00", "1:00", "2:01", "1:02:01"]);
  assert.deepEqual([2 ** 20 * 212, 2 ** 30 * 1.5].map(bytes), ["212 MiB", "1.50 GiB"]);
  assert.deepEqual([58.34, 999.6, 1234].map(rate), ["58.3", "1000", "1 234"]);
});

test("a share is never rounded to nothing", () => {
  assert.deepEqual([percent(0, 10), percent(1, 100_000), percent(2, 1000), percent(1, 8), percent(0, 0)], ["0 %", "<0.1 %", "0.2 %", "13 %", "0 %"]);
});

test("columns are as wide as their widest cell, numbers to the right", () => {
  assert.deepEqual(
    columns([
      ["", "p50", "p95"],
      ["decode", "1 ms", "12.5 ms"],
    ]),
    ["         p50      p95", "decode  1 ms  12.5 ms"],
  );
});

test("text is broken between words", () => {
  assert.deepEqual(wrap("one two three", 7), ["one two", "three"]);
  assert.deepEqual(wrap("internationalisation is long", 10), ["internationalisation", "is long"]);
});

test("colours are for terminals, unless somebody says otherwise", () => {
  const terminal = { write: () => true, isTTY: true };
  const file = { write: () => true };
  const cases: readonly (readonly [typeof terminal | typeof file, Record<string, string>, boolean, typeof plain])[] = [
    [terminal, {}, true, coloured],
    [file, {}, true, plain],
    [terminal, { TERM: "dumb" }, true, plain],
    [terminal, { NO_COLOR: "1" }, true, plain],
    [terminal, { NO_COLOR: "" }, true, coloured],
    [file, { FORCE_COLOR: "1" }, true, coloured],
    [file, { FORCE_COLOR: "1", NO_COLOR: "1" }, true, coloured],
    [terminal, { FORCE_COLOR: "0" }, true, plain],
    [terminal, { FORCE_COLOR: "1" }, false, plain],
  ];
  for (const [output, env, color, wanted] of cases) assert.equal(styleFor(output, { env, color }), wanted, JSON.stringify(env));
});

test("blocks are drawn where the locale knows them", () => {
  assert.equal(knowsUnicode({ LANG: "en_GB.UTF-8" }), true);
  assert.equal(knowsUnicode({ LC_ALL: "C", LANG: "en_GB.UTF-8" }), false);
  assert.equal(knowsUnicode({ LANG: "en_GB.UTF-8", TERM: "linux" }), false);
  assert.equal(knowsUnicode({}), false);
});
