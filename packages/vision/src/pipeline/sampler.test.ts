import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Sampler, type SamplerOptions } from "./sampler.ts";

const taken = (options: SamplerOptions, times: readonly number[]): number[] => {
  const sampler = new Sampler(options);
  return times.filter((timestampSeconds, index) => sampler.takes({ index, timestampSeconds }));
};
const stream = (frames: number, rate: number): number[] => Array.from({ length: frames }, (_, index) => index / rate);

describe("Sampler", () => {
  it("takes every frame by default", () => assert.equal(taken({}, stream(50, 30)).length, 50));

  it("takes the first of so many", () => assert.deepEqual(taken({ every: 3 }, [0, 1, 2, 3, 4, 5, 6]), [0, 3, 6]));

  it("takes so many a second, evenly", () => {
    assert.deepEqual(taken({ maxFramesPerSecond: 10 }, stream(31, 30)).length, 11);
    assert.equal(taken({ maxFramesPerSecond: 20 }, stream(300, 30)).length, 200);
    assert.equal(taken({ maxFramesPerSecond: 60 }, stream(30, 30)).length, 30);
    assert.equal(taken({ maxFramesPerSecond: 30 }, stream(3000, 30)).length, 3000);
  });

  it("first takes every so many, then limits the rate", () => assert.equal(taken({ every: 2, maxFramesPerSecond: 5 }, stream(300, 30)).length, 50));

  it("begins anew after a gap, and when time is set back", () => {
    assert.deepEqual(taken({ maxFramesPerSecond: 1 }, [0, 0.5, 60, 60.5, 61]), [0, 60, 61]);
    assert.deepEqual(taken({ maxFramesPerSecond: 1 }, [100, 100.5, 0, 0.5, 1]), [100, 0, 1]);
  });

  it("never takes more than the rate, whatever the times", () => {
    const gaps = fc.array(fc.double({ min: 0, max: 2, noNaN: true }), { maxLength: 200 });
    fc.assert(
      fc.property(gaps, fc.constantFrom(0.5, 1, 7, 25), (gapsSeconds, rate) => {
        let now = 0;
        const times = gapsSeconds.map((gap) => (now += gap));
        const span = (times.at(-1) ?? 0) - (times[0] ?? 0);
        assert.ok(taken({ maxFramesPerSecond: rate }, times).length <= span * rate * 1.02 + 2);
      }),
    );
  });
});
