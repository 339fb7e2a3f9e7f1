import { threadId } from "node:worker_threads";
import { registry as defaultRegistry } from "../core/default-registry.ts";
import { InferometerError } from "../core/errors.ts";
import { Journal } from "../core/journal.ts";
import { toPortable } from "../core/portable.ts";
import type { Registry } from "../core/registry.ts";
import { DEFAULT_CHANNEL, ThreadChannel } from "./thread-channel.ts";

export interface ShareOptions {
  /** Default: the default registry of this thread. */
  readonly registry?: Registry;
  /** A name that those who share and the one who serves have in common. Default "inferometer". */
  readonly channel?: string;
}

interface Shared {
  readonly channel: string;
  readonly announce: () => void;
}

const shared = new WeakMap<Registry, Shared>();
let members = 0;

/**
 * Lets this thread's metrics be served by another: counters, gauges and histograms are read from shared memory, without asking this thread, so
 * a scrape is right while it is busy. Summaries, exemplars, callback gauges and collectors are asked for; of a busy thread the last answer stands.
 * Call it once at the start of each worker thread. Throws OPTION_INVALID if the registry is shared on another channel already.
 *
 * @example
 * // in a worker thread
 * shareMetrics();
 * // in the main thread: sums up all threads, its own registry included
 * await serve({ registry: new ThreadHub() });
 */
export function shareMetrics(options: ShareOptions = {}): void {
  const { registry = defaultRegistry, channel = DEFAULT_CHANNEL } = options;
  const before = shared.get(registry);
  if (before?.channel === channel) {
    before.announce();
    return;
  }
  if (before !== undefined) {
    throw new InferometerError(
      "OPTION_INVALID",
      `This registry is shared on channel "${before.channel}" already, so it cannot be on "${channel}". Use one channel, or two registries.`,
    );
  }
  const member = `${threadId}.${members++}`;
  const port = new ThreadChannel(channel, (message) => {
    if (message.kind === "who") announce();
    if (message.kind !== "ask" || message.member !== member) return;
    const { request, names, deadlineMs } = message;
    port.post({ kind: "heard", member, request });
    void registry.collect({ names, signal: AbortSignal.timeout(deadlineMs) }).then(({ snapshot, collectors, missing = [] }) => {
      port.post({ kind: "answer", member, request, snapshot: toPortable(snapshot), collectors, missing });
    });
  });
  const announce = (): void => {
    const version = new Int32Array(new SharedArrayBuffer(4));
    port.post({ kind: "hello", member, threadId, version });
    new Journal(registry, { version, post: (part) => port.post({ kind: "part", member, part }) });
  };
  shared.set(registry, { channel, announce });
  announce();
  process.once("exit", () => port.post({ kind: "bye", threadId }));
  // A thread that is terminated cannot say goodbye; the thread that started it is told.
  process.on("worker", (worker) => {
    const ended = worker.threadId;
    worker.once("exit", () => port.post({ kind: "bye", threadId: ended }));
  });
}
