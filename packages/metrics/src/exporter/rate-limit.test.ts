import assert from "node:assert/strict";
import { it } from "node:test";
import { ManualClock } from "../core/clock.ts";
import { RateLimit } from "./rate-limit.ts";

it("lets a burst pass, then one request an interval", () => {
  const clock = new ManualClock();
  const limit = new RateLimit({ intervalMs: 1000, burst: 3 }, clock);
  const taken = (): boolean[] => [limit.allows(), limit.allows(), limit.allows(), limit.allows()];
  assert.deepEqual(taken(), [true, true, true, false]);
  clock.advance(999);
  assert.equal(limit.allows(), false);
  clock.advance(1);
  assert.deepEqual(taken(), [true, false, false, false]);
});

it("saves up no more than a burst", () => {
  const clock = new ManualClock();
  const limit = new RateLimit({ intervalMs: 10, burst: 2 }, clock);
  clock.advance(1_000_000);
  assert.deepEqual([limit.allows(), limit.allows(), limit.allows()], [true, true, false]);
});
