import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../core/clock.ts";
import type { Collected, CollectorState } from "../core/collection.ts";
import { Registry } from "../core/registry.ts";
import type { Snapshot } from "../core/snapshot.ts";
import { json } from "../formats/json.ts";
import { openMetrics } from "../formats/open-metrics.ts";
import { prometheusText } from "../formats/prometheus-text.ts";
import type { Collectable, CollectOptions } from "./collectable.ts";
import { ImageEncoder, StreamEncoder } from "./encoders.ts";
import { NameFilter } from "./name-filter.ts";
import { CollectionLate, type EncoderOf, type Scraped, Scrapes } from "./scrapes.ts";

/** Collections that end when the test says so. */
class HeldRegistry implements Collectable {
  readonly metrics: Registry = new Registry();
  readonly asked: CollectOptions[] = [];
  readonly #held: (() => void)[] = [];

  constructor() {
    this.metrics.counter("x_total", { help: "X." }).inc(5);
  }

  async collect(options: CollectOptions = {}): Promise<Collected> {
    this.asked.push(options);
    await new Promise<void>((resolve) => this.#held.push(resolve));
    return this.metrics.collect(options);
  }

  collectorStates(): readonly CollectorState[] {
    return [{ name: "remembered", required: false, ok: true, durationSeconds: 0 }];
  }

  letGo(): void {
    for (const resolve of this.#held.splice(0)) resolve();
  }
}

const encoderOf: EncoderOf = (format) => new StreamEncoder(format, {});

function setUp(): { registry: HeldRegistry; clock: ManualClock; scrapes: Scrapes } {
  const [registry, clock] = [new HeldRegistry(), new ManualClock()];
  return { registry, clock, scrapes: new Scrapes(registry, { clock, encoderOf }) };
}

async function textOf({ body }: Scraped): Promise<string> {
  const { pieces, release } = await body.read("identity");
  let text = "";
  for (let step = pieces.next(); step.done !== true; step = pieces.next()) text += Buffer.from(step.value).toString();
  release();
  return text;
}

const everything = { filter: undefined, timeMs: 10_000 } as const;

describe("Scrapes", () => {
  it("gives scrapes that overlap one collection and one body", async () => {
    const { registry, scrapes } = setUp();
    const all = Array.from({ length: 50 }, () => scrapes.scrape({ ...everything, format: prometheusText }));
    registry.letGo();
    const scraped = await Promise.all(all);
    assert.equal(registry.asked.length, 1);
    assert.equal(new Set(scraped.map(({ body }) => body)).size, 1);
    const texts = await Promise.all(scraped.map(textOf));
    assert.match(texts[49]!, /^x_total 5$/m);
    assert.equal(new Set(texts).size, 1);
    assert.equal(scraped[0]!.body.isDone, true);
  });

  it("collects anew for a scrape that comes afterwards", async () => {
    const { registry, scrapes } = setUp();
    for (const calls of [1, 2]) {
      const scrape = scrapes.scrape({ ...everything, format: prometheusText });
      registry.letGo();
      await textOf(await scrape);
      assert.equal(registry.asked.length, calls);
    }
  });

  it("gives two formats one collection", async () => {
    const { registry, scrapes } = setUp();
    const both = [scrapes.scrape({ ...everything, format: prometheusText }), scrapes.scrape({ ...everything, format: openMetrics })];
    registry.letGo();
    const [text, om] = await Promise.all((await Promise.all(both)).map(textOf));
    assert.equal(registry.asked.length, 1);
    assert.doesNotMatch(text!, /# EOF/);
    assert.match(om!, /# EOF/);
  });

  it("gives other names another collection", async () => {
    const { registry, scrapes } = setUp();
    const both = [
      scrapes.scrape({ format: json, filter: new NameFilter(["x_total"]), timeMs: 10_000 }),
      scrapes.scrape({ format: json, filter: new NameFilter(["y_total"]), timeMs: 10_000 }),
    ];
    registry.letGo();
    const [x, y] = await Promise.all((await Promise.all(both)).map(textOf));
    assert.equal(registry.asked.length, 2);
    assert.deepEqual(Object.keys(JSON.parse(x!)), ["x_total"]);
    assert.deepEqual(JSON.parse(y!), {});
  });

  it("does not make a scrape wait for a collection that ends after its own deadline", async () => {
    const { registry, scrapes } = setUp();
    const patient = scrapes.scrape({ ...everything, format: prometheusText });
    const hasty = scrapes.scrape({ ...everything, timeMs: 100, format: prometheusText });
    const patientToo = scrapes.scrape({ ...everything, format: prometheusText });
    registry.letGo();
    await Promise.all((await Promise.all([patient, hasty, patientToo])).map(textOf));
    assert.equal(registry.asked.length, 2);
  });

  it("aborts the collection's signal at the deadline", async () => {
    const { registry, scrapes } = setUp();
    const scrape = scrapes.scrape({ ...everything, timeMs: 5, format: prometheusText });
    const signal = registry.asked[0]!.signal!;
    assert.equal(signal.aborted, false);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    registry.letGo();
    await textOf(await scrape);
  });

  it("gives up on a collection that does not end", async () => {
    const { scrapes } = setUp();
    await assert.rejects(scrapes.scrape({ ...everything, timeMs: 1, format: prometheusText }), CollectionLate);
  });

  it("tells all who share a collection of its failure, and tries again for the next", async () => {
    let calls = 0;
    const metrics = new Registry();
    const registry: Collectable = {
      collect: async (options) => {
        if (calls++ === 0) throw new Error("broken");
        return metrics.collect(options);
      },
      collectorStates: () => [],
    };
    const scrapes = new Scrapes(registry, { clock: new ManualClock(), encoderOf });
    const results = await Promise.allSettled([1, 2].map(() => scrapes.scrape({ ...everything, format: prometheusText })));
    assert.deepEqual(
      results.map(({ status }) => status),
      ["rejected", "rejected"],
    );
    assert.equal((await scrapes.scrape({ ...everything, format: prometheusText })).partial, false);
  });

  it("calls an answer partial when a collector failed", async () => {
    const metrics = new Registry();
    metrics.register({
      name: "broken",
      register() {},
      collect() {
        throw new Error("no driver");
      },
    });
    const scrapes = new Scrapes(metrics, { clock: new ManualClock(), encoderOf });
    const scraped = await scrapes.scrape({ ...everything, format: prometheusText });
    assert.equal(scraped.partial, true);
    assert.match(await textOf(scraped), /^scrape_collector_success\{collector="broken"\} 0$/m);
  });

  it("copies what a slow reader has not read yet before the kept text is patched for the next scrape", async () => {
    const { registry, clock } = setUp();
    const text = new Uint8Array(300_000);
    let updates = 0;
    const image = {
      *update(_: Snapshot) {
        text.fill(++updates);
        yield;
      },
      chunks: () => [text],
    };
    const scrapes = new Scrapes(registry, { clock, encoderOf: () => new ImageEncoder(() => image) });
    const scrapeNow = async (): Promise<Scraped> => {
      const scrape = scrapes.scrape({ ...everything, format: prometheusText });
      registry.letGo();
      return scrape;
    };
    const slow = await (await scrapeNow()).body.read("identity");
    const first = slow.pieces.next().value as Uint8Array;
    const next = await (await scrapeNow()).body.read("identity");
    assert.deepEqual(new Set(first), new Set([1]));
    assert.deepEqual(new Set(slow.pieces.next().value as Uint8Array), new Set([1]));
    assert.deepEqual(new Set(next.pieces.next().value as Uint8Array), new Set([2]));
  });

  it("gives up the oldest answers when slow readers hold too much", async () => {
    const { registry, clock } = setUp();
    const chunk = new Uint8Array(20 * 1024 * 1024);
    const scrapes = new Scrapes(registry, { clock, encoderOf: () => ({ encode: async () => ({ chunks: [chunk], lent: false }) }) });
    const readings: Iterator<Uint8Array>[] = [];
    for (let i = 0; i < 8; i++) {
      const scrape = scrapes.scrape({ ...everything, format: prometheusText });
      registry.letGo();
      const { pieces } = await (await scrape).body.read("identity");
      pieces.next();
      readings.push(pieces);
    }
    assert.throws(() => readings[0]!.next(), /given up/);
    assert.equal(readings[7]!.next().done, false);
    assert.equal(readings[5]!.next().done, false);
  });

  it("begins a kept text anew after a failure, and after ten minutes in which nobody asked", async () => {
    const { registry, clock } = setUp();
    let made = 0;
    let fails = true;
    const image = {
      *update() {
        if (fails) throw new Error("half patched");
        yield;
      },
      chunks: () => [],
    };
    const encoders: EncoderOf = () => {
      return new ImageEncoder(() => {
        made++;
        return image;
      });
    };
    const scrapes = new Scrapes(registry, { clock, encoderOf: encoders });
    const scrapeNow = (): Promise<Scraped> => {
      const scrape = scrapes.scrape({ ...everything, format: prometheusText });
      registry.letGo();
      return scrape;
    };
    await assert.rejects(scrapeNow(), /half patched/);
    fails = false;
    await scrapeNow();
    await scrapeNow();
    assert.equal(made, 2);
    clock.advance(600_001);
    await scrapeNow();
    assert.equal(made, 3);
  });
});

describe("Scrapes.collectorStates", () => {
  it("collects when nobody has scraped, and trusts a collection for 15 s", async () => {
    const { registry, clock, scrapes } = setUp();
    const states = scrapes.collectorStates(1000);
    registry.letGo();
    assert.deepEqual(await states, []);
    assert.equal(registry.asked.length, 1);
    clock.advance(15_000);
    assert.equal((await scrapes.collectorStates(1000))[0]?.name, "remembered");
    assert.equal(registry.asked.length, 1);
    clock.advance(1);
    const again = scrapes.collectorStates(1000);
    registry.letGo();
    await again;
    assert.equal(registry.asked.length, 2);
  });

  it("does not trust a collection of some names only", async () => {
    const { registry, scrapes } = setUp();
    const scrape = scrapes.scrape({ format: json, filter: new NameFilter(["x_total"]), timeMs: 10_000 });
    registry.letGo();
    await textOf(await scrape);
    const states = scrapes.collectorStates(1000);
    registry.letGo();
    await states;
    assert.equal(registry.asked.length, 2);
  });
});
