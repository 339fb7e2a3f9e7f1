import nodeProcess from "node:process";
import { type Clock, systemClock } from "../../core/clock.ts";
import type { Collector } from "../../core/collector.ts";
import { type Duration, parseDuration } from "../../core/duration.ts";
import { InferometerError, shown } from "../../core/errors.ts";
import type { Registry } from "../../core/registry.ts";
import { EventLoopDelay, EventLoopTime } from "./event-loop.ts";
import { Garbage } from "./garbage.ts";
import { Heap } from "./heap.ts";
import { OwnProcess } from "./own-process.ts";
import { ActiveResources } from "./resources.ts";

export interface ProcessOptions {
  /** How often the delay of the event loop is sampled; each time costs some microseconds. `false`: never. Default "20ms". */
  readonly eventLoopInterval?: Duration | false;
  /** Where /proc is seen. Default "/proc". */
  readonly procPath?: string;
  /** What stands before the paths of the mount table, for tests. Default "". */
  readonly rootfs?: string;
  /** Default `systemClock`. */
  readonly clock?: Clock;
}

/**
 * This process and its Node: CPU, memory and its limit, file descriptors, V8's heap by space, garbage collections, and the event loop's delay and
 * utilisation, under the names that Node users know. Gauges whose known names end in `_total` are told without it: `sum(nodejs_active_resources)`.
 *
 * In a worker thread `nodejs_*` tell of that thread, `process_*` of the whole process. Does not keep the process alive.
 *
 * Throws DURATION_INVALID, OPTION_INVALID.
 *
 * @example
 * import { process } from "@inferometer/metrics/collectors"; // hides Node's own `process` in this file
 * registry.register(process());
 */
export function process(options: ProcessOptions = {}): ProcessCollector {
  return new ProcessCollector(options);
}

interface Part {
  read(): void;
  close?(): void;
}

/** What `process()` makes. */
export class ProcessCollector implements Collector {
  readonly name = "process";
  readonly #options: ProcessOptions;
  readonly #intervalMs: number;
  #parts: readonly Part[] | undefined;

  constructor(options: ProcessOptions) {
    this.#options = options;
    const { eventLoopInterval = "20ms" } = options;
    this.#intervalMs = eventLoopInterval === false ? 0 : parseDuration(eventLoopInterval);
    if (eventLoopInterval !== false && !(this.#intervalMs >= 1 && this.#intervalMs < 2 ** 31))
      throw new InferometerError("OPTION_INVALID", `eventLoopInterval is ${shown(eventLoopInterval)}. Give a time from "1ms" on, or false.`);
  }

  register(registry: Registry): void {
    if (this.#parts !== undefined)
      throw new InferometerError("COLLECTOR_CONFLICT", "This process() is registered already. Make another one for another registry.");
    const { procPath = "/proc", rootfs = "", clock = systemClock } = this.#options;
    const [major = "", minor = "", patch = ""] = nodeProcess.versions.node.split(".");
    const version = registry.info("nodejs_version_info", { help: "Version of Node.", labels: ["version", "major", "minor", "patch"] });
    version.set({ version: nodeProcess.version, major, minor, patch });
    const parts: Part[] = [
      new OwnProcess(registry, { procPath, rootfs }),
      new Heap(registry),
      new ActiveResources(registry),
      new EventLoopTime(registry),
      new Garbage(registry),
    ];
    if (this.#intervalMs > 0) parts.push(new EventLoopDelay(registry, { clock, intervalMs: this.#intervalMs }));
    this.#parts = parts;
  }

  collect(): void {
    for (const part of this.#parts ?? []) part.read();
  }

  /** Stops the event loop's timer and the observer of garbage collections. */
  close(): void {
    for (const part of this.#parts ?? []) part.close?.();
  }
}
