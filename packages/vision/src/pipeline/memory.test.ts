import assert from "node:assert/strict";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { describe, it } from "node:test";
import { Registry } from "@inferometer/metrics";
import { visionMetrics } from "@inferometer/metrics/instrument";
import type { SourceSpec } from "../sources/index.ts";
import { detect } from "./index.ts";

const MEBIBYTE = 1 << 20;
const source: SourceSpec = { kind: "synthetic", frames: 5000, width: 64, height: 48 };

describe("detect over thousands of frames", () => {
  it("needs no more memory as they pass, and hardly any time of this thread", async () => {
    const registry = new Registry();
    const delay = monitorEventLoopDelay({ resolution: 5 });
    const running = detect({ sources: [source], metrics: visionMetrics({ model: "motion", registry }) });
    const resident: number[] = [];
    let frames = 0;
    for await (const { index } of running) {
      assert.equal(index, frames++);
      if (frames === 100) delay.enable();
      // The first thousand fill caches and let the compiler do its work.
      if (frames % 1000 === 0) resident.push(process.memoryUsage.rss());
    }
    delay.disable();
    assert.equal(frames, 5000);
    assert.equal((await running.done).frames.processed, 5000);
    const grown = (Math.min(...resident.slice(3)) - resident[1]!) / MEBIBYTE;
    assert.ok(grown < 16, `${grown.toFixed(1)} MiB more after 5000 frames than after 2000`);
    assert.ok(delay.percentile(50) / 1e6 < 25, `half of the turns take more than ${delay.percentile(50) / 1e6} ms`);
  });
});
