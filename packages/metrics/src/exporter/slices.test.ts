import assert from "node:assert/strict";
import { it } from "node:test";
import { inSlices, inTurn } from "./slices.ts";

it("hands over every step in order", async () => {
  const seen: number[] = [];
  await inSlices([1, 2, 3], (step) => seen.push(step));
  assert.deepEqual(seen, [1, 2, 3]);
});

it("lets the event loop turn during long work", async () => {
  let turns = 0;
  const interval = setInterval(() => turns++, 1);
  function* work(): Generator<void> {
    for (let i = 0; i < 60; i++) {
      const until = performance.now() + 1;
      while (performance.now() < until);
      yield;
    }
  }
  await inSlices(work());
  clearInterval(interval);
  assert.ok(turns >= 5, `${turns} turns in 60 ms of work`);
});

it("rejects with what the work throws", async () => {
  const work = function* (): Generator<void> {
    yield;
    throw new Error("broken");
  };
  await assert.rejects(inSlices(work()), /broken/);
});

it("spreads over several turns what hundreds want to do in one", async () => {
  let [turns, most, inThisTurn, left] = [0, 0, 0, 200];
  const counter = setInterval(() => {
    turns++;
    most = Math.max(most, inThisTurn);
    inThisTurn = 0;
  }, 0);
  await new Promise<void>((resolve) => {
    for (let i = 0; i < 200; i++) {
      inTurn(() => {
        const until = performance.now() + 0.5;
        while (performance.now() < until);
        inThisTurn++;
        if (--left === 0) resolve();
      });
    }
  });
  clearInterval(counter);
  assert.ok(turns >= 10, `${turns} turns for 100 ms of work`);
  assert.ok(most < 50, `${most} of 200 in one turn`);
});
