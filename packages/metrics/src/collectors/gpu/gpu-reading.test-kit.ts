import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { Registry } from "../../core/registry.ts";
import type { Snapshot } from "../../core/snapshot.ts";
import { type GpuCollector, type GpuOptions, gpu } from "./gpu.ts";

/** A scrape: series to value, as the text format writes a series, and how the collector did. */
export interface GpuScrape {
  readonly values: Readonly<Record<string, number>>;
  readonly ok: boolean;
  readonly error: string;
  readonly snapshot: Snapshot;
}

/** gpu() in a registry of its own. By default it sees no graphics card of this machine's. */
export class GpuProbe implements AsyncDisposable {
  readonly registry: Registry = new Registry();
  readonly gpu: GpuCollector;

  constructor(options: GpuOptions) {
    this.gpu = gpu({ every: "100ms", idle: "60s", sysPath: "/nowhere", procPath: "/nowhere", ...options });
    this.registry.register(this.gpu);
  }

  async scrape(): Promise<GpuScrape> {
    const { snapshot, collectors } = await this.registry.collect();
    const values: Record<string, number> = {};
    for (const family of snapshot) {
      if (!family.name.startsWith("gpu_")) continue;
      for (let row = 0; row < family.length; row++) {
        const labels = Object.entries(family.labels(row)).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
        values[`${family.name}{${labels.join(",")}}`] = family.value(row);
      }
    }
    const { ok, error = "" } = collectors.find(({ name }) => name === "gpu")!;
    return { values, ok, error, snapshot };
  }

  /** Scrapes until `enough` says so, for 10 s at most. */
  async until(enough: (scrape: GpuScrape) => boolean): Promise<GpuScrape> {
    for (const deadline = performance.now() + 10_000; ; await setTimeout(20)) {
      const scrape = await this.scrape();
      if (enough(scrape)) return scrape;
      assert.ok(performance.now() < deadline, `not in 10 s; last: ${JSON.stringify({ ...scrape, snapshot: undefined })}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.registry.close();
  }
}

export const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** Waits until something is so, for 10 s at most. */
export async function until(condition: () => boolean): Promise<void> {
  for (const deadline = performance.now() + 10_000; !condition(); await setTimeout(10))
    assert.ok(performance.now() < deadline, "nothing happened in 10 s");
}
