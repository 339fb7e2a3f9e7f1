import nodeProcess from "node:process";
import { getHeapSpaceStatistics, getHeapStatistics } from "node:v8";
import type { Gauge } from "../../core/gauge.ts";
import type { Registry } from "../../core/registry.ts";

/** V8's heap of this thread, by space, and the memory outside of it: `nodejs_heap_*`, `nodejs_external_memory_bytes`, `memory_usage_bytes{type}`. */
export class Heap {
  readonly #total: Gauge;
  readonly #used: Gauge;
  readonly #limit: Gauge;
  readonly #external: Gauge;
  readonly #spaces: Map<string, readonly [total: Gauge, used: Gauge, available: Gauge]> = new Map();
  readonly #space: (space: string) => readonly [total: Gauge, used: Gauge, available: Gauge];
  readonly #types: Readonly<Record<"rss" | "heap_total" | "heap_used" | "external" | "array_buffers", Gauge>>;
  readonly #resident: Gauge;

  constructor(registry: Registry) {
    this.#total = registry.gauge("nodejs_heap_size_total_bytes", { help: "Memory that V8 took for its heap, in bytes." });
    this.#used = registry.gauge("nodejs_heap_size_used_bytes", { help: "Memory in use on V8's heap, in bytes." });
    this.#limit = registry.gauge("nodejs_heap_size_limit_bytes", { help: "Most memory that V8's heap may take, in bytes." });
    this.#external = registry.gauge("nodejs_external_memory_bytes", { help: "Memory of objects that live outside of V8's heap, in bytes." });
    this.#resident = registry.gauge("process_resident_memory_bytes", { help: "Resident memory, in bytes." });
    const labels = ["space"] as const;
    const total = registry.gauge("nodejs_heap_space_size_total_bytes", { help: "Memory that V8 took for a space of its heap, in bytes.", labels });
    const used = registry.gauge("nodejs_heap_space_size_used_bytes", { help: "Memory in use in a space of V8's heap, in bytes.", labels });
    const available = registry.gauge("nodejs_heap_space_size_available_bytes", { help: "Memory at hand in a space of V8's heap, in bytes.", labels });
    this.#space = (space) => [total.labels({ space }), used.labels({ space }), available.labels({ space })];
    const usage = registry.gauge("memory_usage_bytes", { help: "Memory in use, in bytes.", labels: ["type"] });
    const of = (type: string): Gauge => usage.labels({ type });
    this.#types = {
      rss: of("rss"),
      heap_total: of("heap_total"),
      heap_used: of("heap_used"),
      external: of("external"),
      array_buffers: of("array_buffers"),
    };
  }

  read(): void {
    const { rss, heapTotal, heapUsed, external, arrayBuffers } = nodeProcess.memoryUsage();
    this.#resident.set(rss);
    this.#total.set(heapTotal);
    this.#used.set(heapUsed);
    this.#external.set(external);
    this.#limit.set(getHeapStatistics().heap_size_limit);
    const types = this.#types;
    types.rss.set(rss);
    types.heap_total.set(heapTotal);
    types.heap_used.set(heapUsed);
    types.external.set(external);
    types.array_buffers.set(arrayBuffers);
    for (const { space_name, space_size, space_used_size, space_available_size } of getHeapSpaceStatistics()) {
      const name = space_name.replace(/_space$/, "");
      let gauges = this.#spaces.get(name);
      if (gauges === undefined) this.#spaces.set(name, (gauges = this.#space(name)));
      gauges[0].set(space_size);
      gauges[1].set(space_used_size);
      gauges[2].set(space_available_size);
    }
  }
}
