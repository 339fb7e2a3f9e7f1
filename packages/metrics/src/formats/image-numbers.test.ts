import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { NumberedText } from "./image-numbers.ts";
import { numberText } from "./number-text.ts";

/** Lines `a <number>`, and the same text as it must look after a change. */
function textOf(numbers: readonly number[]): NumberedText {
  const lines = numbers.map((number) => `a ${numberText(number)}\n`);
  const ends = Uint32Array.from(lines, (_, k) => lines.slice(0, k + 1).join("").length - 1);
  const widths = Uint8Array.from(numbers, (number) => numberText(number).length);
  return new NumberedText(new TextEncoder().encode(lines.join("")), { ends, widths, shown: Float64Array.from(numbers) });
}

const shownBy = (text: NumberedText): string => new TextDecoder().decode(text.bytes.subarray(0, text.length));

function change(text: NumberedText, numbers: readonly number[]): void {
  for (const [field, number] of numbers.entries()) text.show(field, number);
  text.settle();
}

describe("a numbered text", () => {
  const cases: readonly (readonly [what: string, before: number, after: number])[] = [
    ["the same number", 7, 7],
    ["a carry through all digits", 1999, 2000],
    ["a digit more", 9, 10],
    ["a digit less", 10, 9],
    ["zero after a number", 5, 0],
    ["a number after zero", 0, 5],
    ["a negative zero after a zero", 0, -0],
    ["a zero after a negative zero", -0, 0],
    ["an integer after a fraction of its width", 1.5, 150],
    ["a fraction after an integer of its width", 150, 1.5],
    ["an integer after a negative one of its width", -12, 112],
    ["the greatest of 31 bits and one more", 2 ** 31 - 1, 2 ** 31],
    ["31 bits after 32 of the same width", 2 ** 31, 2 ** 31 - 1],
    ["one of 31 bits after a wider one that has it as its lower 32 bits", 2 ** 33 + 1_234_567_890, 1_234_567_891],
    ["a whole number beyond 53 bits", 2 ** 53, 1e21],
    ["an integer after one with an exponent of its width", 1e21, 12_345],
    ["NaN", 123, Number.NaN],
    ["NaN again", Number.NaN, Number.NaN],
    ["an infinity of the same width", Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ];
  for (const [what, before, after] of cases) {
    it(`shows ${what}: ${numberText(before)} -> ${numberText(after)}`, () => {
      const text = textOf([1, before, 2]);
      change(text, [1, after, 2]);
      assert.equal(shownBy(text), `a 1\na ${numberText(after)}\na 2\n`);
      // The places must be right as well.
      change(text, [3, 1234, 4]);
      assert.equal(shownBy(text), "a 3\na 1234\na 4\n");
    });
  }

  it("keeps its bytes where they are while no number gets wider", () => {
    const text = textOf([12, 345, 6]);
    const { bytes } = text;
    change(text, [99, 346, 7]);
    change(text, [9, 34, 7]);
    assert.equal(text.bytes, bytes);
    assert.equal(shownBy(text), "a 9\na 34\na 7\n");
  });

  it("makes room for wider numbers once, with some to spare", () => {
    const text = textOf(new Array(100).fill(1));
    change(text, new Array(100).fill(10));
    const { bytes } = text;
    change(text, [11, 100, ...new Array(98).fill(10)]);
    assert.equal(text.bytes, bytes);
    assert.equal(shownBy(text), `a 11\na 100\n${"a 10\n".repeat(98)}`);
  });

  it("lays out numbers that grow and numbers that shrink in one pass", () => {
    const text = textOf([1, 22222, 3, 44444, 5]);
    change(text, [11111, 2, 33333, 4, 5]);
    assert.equal(shownBy(text), "a 11111\na 2\na 33333\na 4\na 5\n");
    change(text, [1, 22222, 3, 44444, 55555]);
    assert.equal(shownBy(text), "a 1\na 22222\na 3\na 44444\na 55555\n");
  });

  it("forgets what was kept aside when it is abandoned, so that the next text does not show it", () => {
    const given = textOf([1]);
    given.show(0, 1000);
    given.abandon();
    const text = textOf([1]);
    change(text, [2]);
    assert.equal(shownBy(text), "a 2\n");
  });
});
