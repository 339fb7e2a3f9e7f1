import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { setImmediate, setTimeout } from "node:timers/promises";
import { ManualClock } from "../core/clock.ts";
import type { Collected } from "../core/collection.ts";
import type { Collector } from "../core/collector.ts";
import { Registry } from "../core/registry.ts";
import { type Sampled, sample } from "./sampler.ts";
import { every } from "./sampler-every.ts";

/** A registry with a collector that counts how often it is asked. */
function counting(more: Partial<Collector> = {}) {
  const registry = new Registry();
  const asked = { times: 0 };
  registry.register({ name: "counting", register: () => {}, collect: () => void asked.times++, ...more });
  return { registry, asked };
}

/** Lets promises settle. */
async function settle(): Promise<void> {
  for (let k = 0; k < 5; k++) await setImmediate();
}

describe("sample()", () => {
  it("takes the first sample at once and the others at the interval, counted from the start", async () => {
    const clock = new ManualClock();
    const { registry, asked } = counting();
    const seen: Collected[] = [];
    await using sampler = sample(registry, { every: "10s", clock, onSample: (sample) => void seen.push(sample) });
    assert.equal(asked.times, 0, "not before the start");
    sampler.start();
    await settle();
    assert.equal(seen.length, 1);
    const at = async (ms: number): Promise<number> => {
      clock.advance(ms);
      sampler.tick();
      await settle();
      return seen.length;
    };
    assert.equal(await at(9_999), 1);
    assert.equal(await at(3_000), 2, "due at 10 s, and late");
    assert.equal(await at(7_000), 2);
    assert.equal(await at(1), 3, "due at 20 s all the same");
    assert.deepEqual([sampler.samples, sampler.skipped, sampler.errors, sampler.running], [3, 0, 0, true]);
  });

  it("never overlaps: what is due while a sample is under way is skipped and counted", async () => {
    const clock = new ManualClock();
    let finish = (): void => {};
    const { registry, asked } = counting();
    await using sampler = sample(registry, {
      every: "10s",
      clock,
      onSample: () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    });
    sampler.start();
    await settle();
    for (let k = 0; k < 3; k++) {
      clock.advance(10_000);
      sampler.tick();
      await settle();
    }
    assert.deepEqual([asked.times, sampler.skipped], [1, 3]);
    finish();
    await settle();
    clock.advance(35_000); // the machine slept
    sampler.tick();
    await settle();
    assert.deepEqual([asked.times, sampler.skipped], [2, 5]);
    finish();
  });

  it("counts what fails, and goes on", async () => {
    const clock = new ManualClock();
    let bad = true;
    const source: Sampled = { collect: () => (bad ? Promise.reject(new Error("no answer")) : new Registry().collect()) };
    await using sampler = sample(source, {
      every: "1s",
      clock,
      onSample: () => {
        if (clock.now() < 2000) throw new Error("disk full");
      },
    });
    sampler.start();
    await settle();
    assert.deepEqual([sampler.errors, sampler.lastError, sampler.samples], [1, "no answer", 0]);
    bad = false;
    for (const expected of [
      [2, "disk full", 1],
      [2, "", 2],
    ]) {
      clock.advance(1000);
      sampler.tick();
      await settle();
      assert.deepEqual([sampler.errors, sampler.lastError, sampler.samples], expected);
    }
  });

  it("can be iterated, by several at once; the loops end with stop()", async () => {
    const { registry } = counting();
    const sampler = sample(registry, { every: "10ms" }).start();
    const read = async (most: number): Promise<number> => {
      let count = 0;
      for await (const { snapshot } of sampler) {
        assert.ok(snapshot.timestamp > 0);
        if (++count === most) break;
      }
      return count;
    };
    const endless = read(Number.POSITIVE_INFINITY);
    assert.equal(await read(3), 3);
    await sampler.stop();
    assert.ok((await endless) >= 3);
    assert.equal(await read(1), 0, "nothing comes any more");
    const { samples } = sampler;
    await setTimeout(30);
    assert.equal(sampler.samples, samples);
    sampler.start();
    assert.equal(await read(1), 1, "it may be started again");
    await sampler.stop();
  });

  it("gives a collector that hangs its time and no more, and stops without waiting for it", async () => {
    const { registry } = counting({ collect: () => new Promise(() => {}) });
    const states: string[] = [];
    const sampler = sample(registry, {
      every: "10s",
      timeout: "50ms",
      onSample: ({ collectors }) => void states.push(collectors[0]!.error ?? ""),
    }).start();
    for (const deadline = performance.now() + 5000; states.length === 0 && performance.now() < deadline; ) await setTimeout(5);
    assert.deepEqual(states, ["not ready when the scrape's time was over"]);
    await sampler.stop();
    const slow = sample(registry, { every: "10s", timeout: "10s" }).start();
    const start = performance.now();
    await slow.stop();
    assert.ok(performance.now() - start < 2000);
    assert.equal(slow.samples, 0, "what was given up is no sample");
  });

  it("keeps no process alive", () => {
    const code = `
      import { Registry } from ${JSON.stringify(new URL("../core/registry.js", import.meta.url).href)};
      import { sample } from ${JSON.stringify(new URL("./sampler.js", import.meta.url).href)};
      sample(new Registry(), { every: "10m" }).start();
    `;
    assert.equal(spawnSync(process.execPath, ["--input-type=module", "-e", code], { timeout: 10_000 }).status, 0);
  });

  const bad: readonly (readonly [string, unknown, object, RegExp])[] = [
    ["what has no collect()", {}, {}, /was given an object/],
    ["an interval of nothing", new Registry(), { every: "0s" }, /every is "0s"/],
    ["a time without a unit", new Registry(), { every: 15 }, /15 is not a duration/],
  ];
  for (const [what, source, options, message] of bad) it(`refuses ${what}`, () => assert.throws(() => sample(source as Sampled, options), message));
});

describe("every()", () => {
  it("asks its collector at its own interval, whoever samples more often", async () => {
    const clock = new ManualClock();
    const registry = new Registry();
    let asked = 0;
    let fails = false;
    const gauge: Collector = {
      name: "dear",
      required: true,
      register: (metrics) => void metrics.gauge("dear_value", { help: "Some." }).set(1),
      collect: () => {
        asked++;
        if (fails) throw new Error("broken");
      },
    };
    registry.register(every("1m", gauge, { clock }));
    const collect = async (): Promise<readonly [asked: number, ok: boolean, there: boolean]> => {
      const { snapshot, collectors } = await registry.collect();
      assert.deepEqual([collectors[0]!.name, collectors[0]!.required], ["dear", true]);
      return [asked, collectors[0]!.ok, snapshot.get("dear_value") !== undefined];
    };
    assert.deepEqual(await collect(), [1, true, true]);
    clock.advance(15_000);
    assert.deepEqual(await collect(), [1, true, true], "its values stand");
    fails = true;
    clock.advance(45_000);
    assert.deepEqual(await collect(), [2, false, false]);
    clock.advance(15_000);
    assert.deepEqual(await collect(), [2, false, false], "a failure stays one");
    fails = false;
    clock.advance(45_000);
    assert.deepEqual(await collect(), [3, true, true]);
  });

  it("closes its collector with the registry", async () => {
    let closed = false;
    const registry = new Registry();
    registry.register(every("1m", { name: "a", register: () => {}, collect: () => {}, close: () => void (closed = true) }));
    await registry.close();
    assert.equal(closed, true);
  });
});
