import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Clock, ManualClock } from "../../core/clock.ts";
import { Registry } from "../../core/registry.ts";
import { FrameRate } from "./frame-rate.ts";
import { visionMetrics } from "./vision.ts";

const WINDOW_MS = 10_000;

function started(): { clock: ManualClock; rate: FrameRate } {
  const clock = new ManualClock();
  clock.advance(123_456);
  return { clock, rate: new FrameRate(clock, WINDOW_MS) };
}

describe("FrameRate", () => {
  it("is 0 before the first event, at once after it as if a second had passed, and never more", () => {
    const { clock, rate } = started();
    assert.equal(rate.perSecond(), 0);
    clock.advance(60_000);
    assert.equal(rate.perSecond(), 0);
    rate.add(3);
    assert.equal(rate.perSecond(), 3);
  });

  it("settles on a steady rate at once, without the time before the first event", () => {
    const { clock, rate } = started();
    for (let k = 1; k <= 2000; k++) {
      rate.add(1);
      clock.advance(40);
      if (k >= 25) assert.ok(Math.abs(rate.perSecond() - 25) < 0.5, `${rate.perSecond()} after ${k} frames`);
    }
  });

  it("falls to 0 within a window and a part of it once events stop", () => {
    const { clock, rate } = started();
    for (let k = 0; k < 1000; k++) {
      rate.add(1);
      clock.advance(20);
    }
    clock.advance(WINDOW_MS / 2);
    assert.ok(Math.abs(rate.perSecond() - 25) < 2);
    clock.advance(WINDOW_MS / 2 + WINDOW_MS / 20);
    assert.equal(rate.perSecond(), 0);
  });

  it("says the same however often it is asked", () => {
    const { clock, rate } = started();
    const asked = new FrameRate(clock, WINDOW_MS);
    for (let k = 0; k < 500; k++) {
      rate.add(1);
      asked.add(1);
      clock.advance(33);
      asked.perSecond();
    }
    assert.equal(asked.perSecond(), rate.perSecond());
  });

  it("agrees with a list of the events, whatever their times", () => {
    const steps = fc.array(fc.tuple(fc.nat(10), fc.oneof(fc.nat(50), fc.nat(3000), fc.nat(30_000))), { minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(steps, (events) => {
        const { clock, rate } = started();
        const seen: [at: number, count: number][] = [];
        for (const [count, pause] of events) {
          rate.add(count);
          seen.push([clock.now(), count]);
          clock.advance(pause);
          const now = clock.now();
          const within = (ms: number): number => seen.filter(([at]) => at >= now - ms).reduce((sum, [, n]) => sum + n, 0);
          const span = Math.min(WINDOW_MS, now - seen[0]![0]);
          const part = WINDOW_MS / 20;
          const found = rate.perSecond();
          // The parts that it counts begin somewhere between one window and one window and a part ago.
          assert.ok(found >= (within(WINDOW_MS) * 1000) / Math.max(1000, span + part) - 1e-9, `${found} is too low`);
          assert.ok(found <= (within(WINDOW_MS + part) * 1000) / Math.max(1000, span) + 1e-9, `${found} is too high`);
        }
      }),
    );
  });

  it("loses nothing to a clock that lags behind", () => {
    let now = 1000;
    const clock: Clock = { now: () => now, time: () => 0, coarse: () => now - 50 };
    const rate = new FrameRate(clock, WINDOW_MS);
    for (let k = 0; k < 90; k++) {
      rate.add(1);
      now += 100;
      rate.perSecond();
    }
    assert.ok(Math.abs(rate.perSecond() - 10) < 0.2, `${rate.perSecond()}`);
  });
});

describe("fps", () => {
  it("is of all models of a registry, success or not, read when it is scraped", () => {
    const clock = new ManualClock();
    const registry = new Registry({ clock });
    const [one, other] = ["one", "other"].map((model) => visionMetrics({ model, registry, clock })) as [
      ReturnType<typeof visionMetrics>,
      ReturnType<typeof visionMetrics>,
    ];
    assert.equal(registry.snapshot().value("fps"), 0);
    for (let k = 0; k < 100; k++) {
      one.frameProcessed();
      other.frameProcessed("error");
      clock.advance(100);
    }
    assert.ok(Math.abs(registry.snapshot().value("fps")! - 20) < 0.5);
    assert.equal(one.summary().framesPerSecond, registry.snapshot().value("fps"));
    clock.advance(60_000);
    assert.equal(registry.snapshot().value("fps"), 0);
  });

  it("looks back as far as it is told", () => {
    const clock = new ManualClock();
    const registry = new Registry({ clock });
    const vision = visionMetrics({ model: "owlv2", registry, clock, fpsWindow: "2s" });
    for (let k = 0; k < 50; k++) {
      vision.frameProcessed();
      clock.advance(100);
    }
    clock.advance(2100);
    assert.equal(registry.snapshot().value("fps"), 0);
  });
});
