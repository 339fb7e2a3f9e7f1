import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { BitMask } from "./bit-mask.ts";

/** Pictures of all widths around the word's 32. */
const pictures = fc.record({ width: fc.integer({ min: 1, max: 70 }), height: fc.integer({ min: 1, max: 6 }) }).chain(({ width, height }) =>
  fc.record({
    width: fc.constant(width),
    height: fc.constant(height),
    pixels: fc.array(fc.constantFrom(0, 127, 255), { minLength: width * height, maxLength: width * height }),
  }),
);

function masks({ width, height, pixels }: { width: number; height: number; pixels: number[] }): { mask: BitMask; target: BitMask; count: number } {
  const mask = new BitMask(width, height);
  const count = mask.load(Uint8Array.from(pixels), 255);
  return { mask, target: new BitMask(width, height), count };
}

/** The values of a pixel and its neighbours, those outside left out. */
function around(pixels: readonly number[], { width, height, x, y }: { width: number; height: number; x: number; y: number }): boolean[] {
  const values: boolean[] = [];
  for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
    for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) values.push(pixels[v * width + u] === 255);
  }
  return values;
}

test("a mask takes over the pixels of one value and counts them", () => {
  fc.assert(
    fc.property(pictures, (picture) => {
      const { mask, count } = masks(picture);
      const { width, pixels } = picture;
      pixels.forEach((value, at) => {
        assert.equal(mask.has(at % width, Math.floor(at / width)), value === 255);
      });
      assert.equal(count, pixels.filter((value) => value === 255).length);
    }),
  );
});

for (const [name, rule] of [
  ["erosion keeps a pixel when all neighbours inside the picture are set", (values: boolean[]) => values.every(Boolean)],
  ["dilation sets a pixel when it or a neighbour is set", (values: boolean[]) => values.some(Boolean)],
] as const) {
  test(name, () => {
    fc.assert(
      fc.property(pictures, (picture) => {
        const { mask, target } = masks(picture);
        if (name.startsWith("erosion")) mask.erodeInto(target);
        else mask.dilateInto(target);
        const { width, height, pixels } = picture;
        const expected = new BitMask(width, height);
        expected.load(
          Uint8Array.from(pixels, (_, at) => (rule(around(pixels, { width, height, x: at % width, y: Math.floor(at / width) })) ? 255 : 0)),
          255,
        );
        assert.deepEqual(target.words, expected.words); // the unused bits of the last word too
      }),
    );
  });
}
