import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InferometerError, shown } from "./errors.ts";

describe("InferometerError", () => {
  it("is an Error with a name, a code, a message and the cause it was given", () => {
    const cause = new Error("the socket broke");
    const error = new InferometerError("PARSE_ERROR", "line 3 is no sample", { cause });
    assert.ok(error instanceof Error);
    assert.equal(`${error}`, "InferometerError: line 3 is no sample");
    assert.deepEqual([error.name, error.code, error.cause], ["InferometerError", "PARSE_ERROR", cause]);
  });
});

describe("shown", () => {
  const cases: readonly (readonly [value: unknown, text: string])[] = [
    ["a b", '"a b"'],
    ["", '""'],
    ['quote " and \n line', '"quote \\" and \\n line"'],
    ["x".repeat(60), `"${"x".repeat(60)}"`],
    ["x".repeat(61), `"${"x".repeat(57)}"…`],
    [Number.NaN, "NaN"],
    [-0.5, "-0.5"],
    [Number.NEGATIVE_INFINITY, "-Infinity"],
    [true, "true"],
    [undefined, "undefined"],
    [null, "null"],
    [12n, "12n"],
    [() => 1, "a function"],
    [Symbol("id"), "Symbol(id)"],
    [[1, 2], "an array of 2"],
    [{ toString: () => assert.fail("a stranger's toString must not run") }, "an object"],
  ];
  for (const [value, text] of cases) it(`shows ${text.slice(0, 30)}`, () => assert.equal(shown(value), text));
});
