import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { annotate, colourOf } from "./annotation.ts";
import { Canvas } from "./canvas.ts";

const pixel = ({ pixels, width }: Canvas, x: number, y: number): number[] => [...pixels.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
const track = { id: 3, box: { x: 20, y: 40, width: 60, height: 50 }, label: "car", confidence: 0.87 };

describe("annotate", () => {
  it("draws a track two pixels thick in its colour, with its name above", () => {
    const canvas = new Canvas(160, 120);
    annotate(canvas, { detections: [], tracks: [track] });
    const colour = [...colourOf(3)];
    for (const [x, y] of [
      [20, 41],
      [21, 60],
      [79, 89],
      [50, 88],
    ] as const) {
      assert.deepEqual(pixel(canvas, x, y), colour, `${x}, ${y}`);
    }
    assert.deepEqual(pixel(canvas, 22, 60), [0, 0, 0]);
    assert.deepEqual(pixel(canvas, 20, 39), colour); // the tag ends where the box begins
    assert.deepEqual(pixel(canvas, 20, 28), [0, 0, 0]);
  });

  it("puts the name inside when there is no room above, and never outside the picture", () => {
    const canvas = new Canvas(160, 120);
    annotate(canvas, { detections: [], tracks: [{ ...track, box: { x: 150, y: 2, width: 30, height: 60 } }] });
    assert.deepEqual(pixel(canvas, 159, 3), [...colourOf(3)]);
    assert.deepEqual(pixel(canvas, 100, 3), [...colourOf(3)]);
  });

  it("draws a detection once: by its track, where it has one", () => {
    const [alone, both, more] = [new Canvas(160, 120), new Canvas(160, 120), new Canvas(160, 120)];
    annotate(alone, { detections: [], tracks: [track] });
    annotate(both, { detections: [{ ...track, box: { ...track.box, x: 22 } }], tracks: [track] });
    assert.deepEqual(both.pixels, alone.pixels);
    annotate(more, { detections: [{ ...track, box: { x: 110, y: 80, width: 20, height: 20 } }], tracks: [track] });
    assert.deepEqual(pixel(more, 110, 90), [200, 200, 200]);
    assert.deepEqual(pixel(more, 111, 90), [0, 0, 0]); // thin: no track yet
  });

  it("grows with the picture", () => {
    const canvas = new Canvas(1280, 720);
    annotate(canvas, { detections: [], tracks: [track] });
    assert.deepEqual(pixel(canvas, 23, 60), [...colourOf(3)]);
    assert.deepEqual(pixel(canvas, 24, 60), [0, 0, 0]);
  });

  it("gives neighbouring numbers colours that differ much", () => {
    for (let id = 1; id < 200; id++) {
      const [one, other] = [colourOf(id), colourOf(id + 1)];
      assert.ok(
        one.some((value, channel) => Math.abs(value - other[channel]!) > 80),
        `${id}: ${one} and ${other}`,
      );
    }
  });
});
