import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FONT_LETTERS, GLYPH_HEIGHT, glyphRows } from "./bitmap-font.ts";
import { Canvas, type Colour, textSize } from "./canvas.ts";
import { frameOf } from "./fakes.test-kit.ts";

const RED: Colour = [255, 0, 0];

/** The picture as text: "#" where it is red. */
function picture({ width, height, pixels }: Canvas): string[] {
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => (pixels[(y * width + x) * 3] === 255 && pixels[(y * width + x) * 3 + 1] === 0 ? "#" : ".")).join(""),
  );
}

describe("Canvas", () => {
  it("draws outlines inside their area", () => {
    const canvas = new Canvas(8, 5);
    canvas.outline({ left: 1, top: 0, right: 7, bottom: 5 }, { colour: RED, thickness: 1 });
    assert.deepEqual(picture(canvas), [".######.", ".#....#.", ".#....#.", ".#....#.", ".######."]);
  });

  it("leaves out what lies outside", () => {
    const canvas = new Canvas(4, 3);
    canvas.outline({ left: -5, top: -5, right: 3, bottom: 2 }, { colour: RED, thickness: 1 });
    assert.deepEqual(picture(canvas), ["..#.", "###.", "...."]);
    canvas.fill({ left: 3, top: 2, right: 99, bottom: 99 }, RED);
    canvas.fill({ left: 10, top: 10, right: 20, bottom: 20 }, RED);
    assert.deepEqual(picture(canvas), ["..#.", "###.", "...#"]);
  });

  it("writes text, larger on request", () => {
    const canvas = new Canvas(11, 7);
    canvas.text("Ai", { x: 0, y: 0, colour: RED, scale: 1 });
    assert.deepEqual(picture(canvas), [".###....#..", "#...#......", "#...#..##..", "#...#...#..", "#####...#..", "#...#...#..", "#...#..###."]);
    const large = new Canvas(10, 4);
    large.text("-", { x: 0, y: -6, colour: RED, scale: 2 });
    assert.deepEqual(picture(large), ["##########", "##########", "..........", ".........."]);
  });

  it("copies frames, grey ones too, and leaves the frame as it was", () => {
    const canvas = new Canvas(4, 2);
    const frame = frameOf({ fill: 9 });
    canvas.copy(frame);
    canvas.fill({ left: 0, top: 0, right: 4, bottom: 2 }, RED);
    assert.ok(frame.data.every((value) => value === 9));
    canvas.copy({ ...frame, pixelFormat: "gray8", data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) });
    assert.deepEqual([...canvas.pixels], [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6, 7, 7, 7, 8, 8, 8]);
  });
});

describe("the font", () => {
  it("has a letter of its own for each printable character of ASCII", () => {
    assert.equal(FONT_LETTERS.length, 95);
    assert.deepEqual([FONT_LETTERS[0], FONT_LETTERS.at(-1)], [" ", "~"]);
    const shapes = new Set([...FONT_LETTERS].map((letter) => glyphRows(letter).join()));
    assert.equal(shapes.size, 95);
    for (const letter of FONT_LETTERS) for (const row of glyphRows(letter)) assert.ok(row >= 0 && row < 32, letter);
  });

  it("draws accented letters without their accents, and a box for what it does not know", () => {
    assert.deepEqual(glyphRows("é"), glyphRows("e"));
    assert.deepEqual(glyphRows("人"), glyphRows("\u0007"));
    assert.equal(glyphRows("人").length, GLYPH_HEIGHT);
    assert.ok(glyphRows("人")[0]! > 0);
  });

  it("measures text", () => {
    assert.deepEqual(textSize("ab", 1), { width: 11, height: 9 });
    assert.deepEqual(textSize("ab", 2), { width: 22, height: 18 });
    assert.deepEqual(textSize("", 1), { width: 0, height: 9 });
  });
});
