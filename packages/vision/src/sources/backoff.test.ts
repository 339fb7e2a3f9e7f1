import assert from "node:assert/strict";
import test from "node:test";
import { Backoff } from "./backoff.ts";

test("waits double up to the longest, and begin anew after a success", () => {
  const backoff = new Backoff({ firstMs: 100, longestMs: 500, random: () => 0 });
  assert.deepEqual(
    [1, 2, 3, 4, 5].map(() => backoff.nextMs()),
    [100, 200, 400, 500, 500],
  );
  assert.equal(backoff.tries, 5);
  backoff.succeeded();
  assert.deepEqual([backoff.tries, backoff.nextMs()], [0, 100]);
});

test("chance shortens a wait by up to a half", () => {
  assert.equal(new Backoff({ firstMs: 100, random: () => 1 }).nextMs(), 50);
});

test("a thousand failures give no infinite wait", () => {
  const backoff = new Backoff({ longestMs: 500, random: () => 0 });
  for (let i = 0; i < 2000; i++) assert.ok(backoff.nextMs() <= 500);
});
