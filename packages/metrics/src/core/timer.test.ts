import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "./clock.ts";
import { Timer, timed } from "./timer.ts";

function measured() {
  const clock = new ManualClock();
  const seconds: number[] = [];
  const record = (value: number): number => seconds.push(value);
  const observe = (_labels: unknown, value: number): number => record(value);
  return { clock, seconds, record, observe };
}

describe("Timer", () => {
  it("records the seconds between start and stop, and returns them", () => {
    const { clock, seconds, observe } = measured();
    const timer = new Timer(clock, observe);
    clock.advance(1500);
    assert.equal(timer.stop(), 1.5);
    assert.deepEqual(seconds, [1.5]);
  });

  it("records once, however often it is stopped", () => {
    const { clock, seconds, observe } = measured();
    const timer = new Timer(clock, observe);
    clock.advance(100);
    timer.stop();
    clock.advance(100);
    assert.equal(timer.stop(), 0.1);
    assert.deepEqual(seconds, [0.1]);
  });

  it("records at the end of a using block, also when that fails, and not twice when it was stopped inside", () => {
    const { clock, seconds, observe } = measured();
    {
      using timer = new Timer(clock, observe);
      clock.advance(10);
      assert.ok(timer instanceof Timer);
    }
    assert.throws(() => {
      using _ = new Timer(clock, observe);
      clock.advance(20);
      throw new Error("the work broke");
    }, /the work broke/);
    {
      using timer = new Timer(clock, observe);
      clock.advance(30);
      timer.stop();
      clock.advance(1000);
    }
    assert.deepEqual(seconds, [0.01, 0.02, 0.03]);
  });

  it("records 0 when the clock was turned back", () => {
    const { clock, observe } = measured();
    const timer = new Timer(clock, observe);
    clock.advance(-5000);
    assert.equal(timer.stop(), 0);
  });
});

describe("a Timer that lacks labels", () => {
  it("takes what was missing when it stops, once", () => {
    const clock = new ManualClock();
    const records: [unknown, number][] = [];
    const timer = new Timer(clock, (labels, seconds) => records.push([labels, seconds]), { model: "a" });
    clock.advance(250);
    assert.equal(timer.stop({ status: "ok" }), 0.25);
    clock.advance(250);
    assert.equal(timer.stop({ status: "error" }), 0.25);
    assert.deepEqual(records, [[{ model: "a", status: "ok" }, 0.25]]);
  });

  it("can be stopped again with the right labels when the first ones were refused", () => {
    const clock = new ManualClock();
    const seconds: number[] = [];
    const record = (labels: { status: string }, value: number): void => {
      if (labels.status === "wrong") throw new Error("refused");
      seconds.push(value);
    };
    const timer = new Timer(clock, record);
    assert.throws(() => timer.stop({ status: "wrong" }), /refused/);
    clock.advance(500);
    timer.stop({ status: "right" });
    assert.deepEqual(seconds, [0.5]);
  });
});

describe("timed", () => {
  it("returns what the work returns, and records its seconds", () => {
    const { clock, seconds, record } = measured();
    const work = (): string => {
      clock.advance(100);
      return "done";
    };
    assert.equal(timed(clock, { record, work }), "done");
    assert.deepEqual(seconds, [0.1]);
  });

  it("records work that throws, and passes the error on", () => {
    const { clock, seconds, record } = measured();
    const broken = new Error("broken");
    const work = (): never => {
      clock.advance(50);
      throw broken;
    };
    assert.throws(() => timed(clock, { record, work }), broken);
    assert.deepEqual(seconds, [0.05]);
  });

  it("awaits a promise, and records nothing before it is settled", async () => {
    const { clock, seconds, record } = measured();
    const { promise, resolve } = withResolvers<string>();
    const running = timed(clock, { record, work: () => promise });
    clock.advance(2000);
    assert.deepEqual(seconds, []);
    resolve("done");
    assert.equal(await running, "done");
    assert.deepEqual(seconds, [2]);
  });

  it("records a promise that is rejected, and passes the reason on", async () => {
    const { clock, seconds, record } = measured();
    const { promise, reject } = withResolvers<string>();
    const running = timed(clock, { record, work: () => promise });
    clock.advance(3000);
    reject(new Error("rejected"));
    await assert.rejects(running, /rejected/);
    assert.deepEqual(seconds, [3]);
  });

  it("awaits whatever has a then, and nothing else", () => {
    const { clock, seconds, record } = measured();
    let settle: (() => void) | undefined;
    const name = "then";
    const thenable = Object.defineProperty({}, name, { value: (resolve: () => void) => (settle = resolve) });
    timed(clock, { record, work: () => thenable });
    assert.equal(seconds.length, 0);
    settle!();
    assert.equal(seconds.length, 1);
    const others = [null, undefined, Object.defineProperty({}, name, { value: 5 }), "then"];
    for (const value of others) assert.equal(timed(clock, { record, work: () => value }), value);
    assert.equal(seconds.length, 5);
  });
});

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (reason: Error) => void } {
  let resolve!: (value: T) => void;
  let reject!: (reason: Error) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
