import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { describe, it } from "node:test";
import { Registry } from "@inferometer/metrics";
import { visionMetrics } from "@inferometer/metrics/instrument";
import type { DetectorSpec } from "../detectors/index.ts";
import type { SourceSpec } from "../sources/index.ts";
import { type Detecting, type DetectOptions, type DetectSummary, detect } from "./index.ts";

const endless: SourceSpec = { kind: "synthetic", width: 64, height: 48 };
const short: SourceSpec = { ...endless, frames: 30 };
const module = (kind: string): DetectorSpec => ({ kind: "module", url: new URL(`./detectors.test-kit.js#${kind}`, import.meta.url).href });
const run = (options: Partial<DetectOptions>): Detecting => detect({ sources: [endless], detector: module("quick"), ...options });

function assertBalanced({ frames, tracks }: DetectSummary): void {
  const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((total, count) => total + count, 0);
  assert.equal(frames.received, frames.processed + frames.failed + sum(frames.dropped));
  assert.equal(frames.inFlight, 0);
  assert.equal(tracks.created, sum(tracks.lost));
  assert.equal(tracks.active, 0);
}

async function framesProcessed(running: Detecting, count: number): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (running.summary().frames.processed < count) {
    assert.ok(performance.now() < deadline, `no ${count} frames in 10 s`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Threads of this process, as the kernel counts them. */
const threads = (): number => readdirSync("/proc/self/task").length;
const children = (): string =>
  execFileSync("ps", ["-o", "comm=", "--ppid", String(process.pid)], { encoding: "utf8" })
    .replace(/^ps\n/m, "")
    .trim();

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1000;
}

describe("the end of detect", () => {
  it("comes when it is told to stop: the frame in hand is finished, those that wait are dropped", async () => {
    const running = run({ detector: module("slow") });
    await framesProcessed(running, 3);
    const summary = await running.stop();
    assertBalanced(summary);
    assert.ok(summary.frames.dropped.shutdown > 0);
    assert.equal(summary.sources[0]?.state, "stopped");
    assert.deepEqual(await running.done, summary);
    assert.deepEqual(await running.stop(), summary);
  });

  it("comes with an aborted signal, before or in the middle", async () => {
    const early = run({ signal: AbortSignal.abort() });
    assertBalanced(await early.done);
    const controller = new AbortController();
    const running = run({ signal: controller.signal });
    await framesProcessed(running, 3);
    controller.abort();
    const summary = await running.done;
    assertBalanced(summary);
    assert.ok(summary.frames.processed >= 3);
  });

  it("comes with the end of the block, and ends a loop over the results", async () => {
    let looped: Promise<number> | undefined;
    {
      await using running = run({});
      looped = (async () => {
        let count = 0;
        for await (const _ of running) count++;
        return count;
      })();
      await framesProcessed(running, 5);
    }
    assert.ok((await looped) >= 5);
  });

  it("leaves no thread behind", async () => {
    await run({ sources: [short] }).done; // V8 starts threads of its own with the first
    const before = threads();
    for (const kind of ["quick", "hanging", "untidy"]) {
      const running = run({ detector: module(kind) });
      await framesProcessed(running, 3);
      await running.stop();
    }
    assert.ok(threads() <= before, `${threads()} threads, ${before} before`);
    assert.equal(children(), "");
  });

  for (const kind of ["hanging", "looping", "unclosed"]) {
    it(`comes within two seconds though the detector is ${kind}`, async () => {
      const running = run({ detector: module(kind) });
      await framesProcessed(running, 3);
      assert.ok((await seconds(() => running.stop())) < 2);
      assertBalanced(running.summary());
    });
  }

  it("is not held up by a timer that a detector leaves behind", async () => {
    const running = run({ sources: [short], detector: module("untidy") });
    assert.equal((await running.done).frames.processed, 30);
  });

  it("is not a failure when a detector fails now and then", async () => {
    const { frames, errors, sources } = await run({ sources: [short], detector: module("failing") }).done;
    assert.deepEqual([frames.processed, frames.failed], [20, 10]);
    assert.deepEqual(errors, [{ component: "detector", type: "DETECTOR_FAILED", count: 10, message: "every third frame" }]);
    assert.equal(sources[0]?.state, "ended");
  });

  for (const [kind, message] of [
    ["broken", /"broken" failed on 4 frames in a row; at last: never works\./],
    ["unopened", /no model/],
    ["dying", /The detector's thread died: it ended with code 7\./],
    ["throwing", /The detector's thread died: thrown into the void\./],
  ] as const) {
    it(`is a failure when the detector is ${kind}; all frames are accounted for`, async () => {
      const registry = new Registry();
      const running = run({ detector: module(kind), maxFailures: 4, metrics: visionMetrics({ model: "m", registry }) });
      await assert.rejects(running.done, { code: "DETECTOR_FAILED", message });
      const summary = running.summary();
      assertBalanced(summary);
      const [source] = summary.sources;
      assert.equal(source?.state, "failed");
      assert.match(source?.message ?? "", message);
      assert.equal(registry.snapshot().value("frames_in_flight"), 0);
      assert.ok((registry.snapshot().value("errors_total", { component: "detector", error_type: "DETECTOR_FAILED" }) ?? 0) >= 1);
    });
  }

  it("tells of a failure at the end of a loop, and needs nobody to listen to done", async () => {
    const running = run({ detector: module("broken"), maxFailures: 2 });
    let results = 0;
    await assert.rejects(
      async () => {
        for await (const { error } of running) {
          assert.equal(error, "never works");
          results++;
        }
      },
      { code: "DETECTOR_FAILED" },
    );
    assert.equal(results, 2);
  });

  it("waits for the other sources when one fails", async () => {
    const odd = { ...short, width: 1 }; // no picture: its reader fails as it starts
    const running = run({ sources: [odd, short] });
    await assert.rejects(running.done, { code: "OPTION_INVALID" });
    const { sources, frames } = running.summary();
    assert.deepEqual(
      sources.map(({ state }) => state),
      ["failed", "ended"],
    );
    assert.equal(frames.processed, 30);
    assertBalanced(running.summary());
  });

  it("refuses a module that is not there", async () => {
    const running = run({ detector: { kind: "module", url: "./nowhere.mjs" } });
    await assert.rejects(running.done, { code: "DETECTOR_FAILED", message: /nowhere\.mjs/ });
    assertBalanced(running.summary());
  });
});
