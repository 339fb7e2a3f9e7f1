import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import { FixtureTree } from "./fixture-tree.test-kit.ts";
import { KernelText } from "./kernel-text.ts";

function textOf(content: string): KernelText {
  const text = new KernelText();
  text.bytes = Buffer.from(`${content}\0`, "latin1");
  text.set(text.bytes.length - 1);
  return text;
}

describe("KernelText", () => {
  const numbers: readonly (readonly [text: string, method: "uint" | "number" | "hex", value: number, left: string])[] = [
    ["12 kB", "uint", 12, " kB"],
    ["  \t007x", "uint", 7, "x"],
    ["18446744073709551615\n", "uint", 2 ** 64, "\n"],
    ["-1", "uint", Number.NaN, "-1"],
    ["", "uint", Number.NaN, ""],
    ["\n5", "uint", Number.NaN, "\n5"],
    ["-2", "number", -2, ""],
    ["0.07 1.50", "number", 0.07, " 1.50"],
    ["-0.125", "number", -0.125, ""],
    ["3.x", "number", 3, ".x"],
    ["max 100", "number", Number.NaN, "max 100"],
    ["-", "number", Number.NaN, "-"],
    ["0x1303\n", "hex", 0x1303, "\n"],
    ["F000076a 1", "hex", 0xf000076a, " 1"],
    ["xyz", "hex", Number.NaN, "xyz"],
  ];
  for (const [content, method, value, left] of numbers) {
    it(`${method} takes ${value} from ${JSON.stringify(content)}`, () => {
      const text = textOf(content);
      assert.equal(text[method](), value);
      assert.equal(content.slice(text.at), left);
    });
  }

  it("reads any whole number that a double can hold, and any decimal with up to six places, exactly", () => {
    fc.assert(fc.property(fc.maxSafeNat(), (value) => textOf(String(value)).uint() === value));
    const decimals = fc.tuple(fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.integer({ min: 0, max: 6 }));
    fc.assert(
      fc.property(decimals, ([value, places]) =>
        Object.is(textOf((value / 10 ** places).toFixed(places)).number(), Number((value / 10 ** places).toFixed(places))),
      ),
    );
  });

  it("finds what splitting at blanks and lines finds", () => {
    const word = fc.stringMatching(/^[a-z0-9:()]{1,8}$/);
    const lines = fc.array(fc.array(word, { minLength: 1, maxLength: 5 }), { maxLength: 6 });
    fc.assert(
      fc.property(lines, (expected) => {
        const text = textOf(expected.map((words) => `  ${words.join("   ")}\n`).join(""));
        const found: string[][] = [];
        while (text.at < text.end) {
          const words: string[] = [];
          while (text.word()) words.push(text.string());
          found.push(words);
          text.nextLine();
        }
        assert.deepEqual(found, expected);
      }),
    );
  });

  it("ends a word at the byte that it is told", () => {
    const text = textOf("Active(anon):  5 kB");
    assert.ok(text.word(58));
    assert.equal(text.string(), "Active(anon)");
    text.at++;
    assert.equal(text.uint(), 5);
  });

  it("goes behind a text, and stays where it is if there is none", () => {
    const text = textOf("some avg10=0.00 total=12\nfull total=3\n");
    assert.ok(text.here("some"));
    assert.ok(text.after("total="));
    assert.equal(text.uint(), 12);
    assert.equal(text.after("nothing"), false);
    assert.ok(text.after("total="));
    assert.equal(text.uint(), 3);
    assert.equal(text.after("total="), false);
  });

  it("does not see what an earlier, longer file left behind the end", () => {
    using tree = new FixtureTree();
    tree.write("long", "11111111 22222222 after\n");
    tree.write("short", "3");
    const text = new KernelText();
    for (const name of ["long", "short"]) {
      const fd = openSync(join(tree.path, name), "r");
      text.fill(fd, "all");
      closeSync(fd);
    }
    assert.deepEqual([text.uint(), text.uint(), text.after("after"), text.all()], [3, Number.NaN, false, "3"]);
  });

  it("grows with a file that is larger than its buffer, in one piece and in many", () => {
    using tree = new FixtureTree();
    const content = Array.from({ length: 40_000 }, (_, k) => `line ${k}\n`).join("");
    tree.write("large", content);
    for (const pieces of ["once", "all"] as const) {
      const text = new KernelText();
      const fd = openSync(join(tree.path, "large"), "r");
      text.fill(fd, pieces);
      closeSync(fd);
      assert.equal(text.end, content.length);
      assert.equal(text.all(), content.trimEnd());
    }
  });

  it("gives lines as UTF-8, the last one with or without its end", () => {
    const text = textOf(Buffer.from("größe 1\nlast", "utf8").toString("latin1"));
    assert.deepEqual([text.line(), text.line(), text.line()], ["größe 1", "last", ""]);
  });
});
