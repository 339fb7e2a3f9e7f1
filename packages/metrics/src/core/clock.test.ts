import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate } from "node:timers/promises";
import { ManualClock, systemClock } from "./clock.ts";

describe("systemClock", () => {
  it("counts milliseconds that never fall, and seconds since 1970", () => {
    const before = systemClock.now();
    assert.ok(systemClock.now() >= before);
    assert.ok(Math.abs(systemClock.time() - Date.now() / 1000) < 5);
  });

  it("has a coarse time that stands still within a turn and goes on later, never ahead of the fine one", async () => {
    const first = systemClock.coarse();
    assert.equal(systemClock.coarse(), first);
    const deadline = systemClock.now() + 10_000;
    while (systemClock.coarse() === first && systemClock.now() < deadline) await setImmediate();
    const second = systemClock.coarse();
    assert.ok(second > first);
    assert.ok(second <= systemClock.now());
  });
});

describe("ManualClock", () => {
  it("stands still until it is told to go on", () => {
    const clock = new ManualClock(1000);
    assert.deepEqual([clock.now(), clock.coarse(), clock.time()], [0, 0, 1000]);
    clock.advance(1500);
    assert.deepEqual([clock.now(), clock.coarse(), clock.time()], [1500, 1500, 1001.5]);
  });

  it("starts at a fixed time by default", () => assert.equal(new ManualClock().time(), 1_700_000_000));
});
