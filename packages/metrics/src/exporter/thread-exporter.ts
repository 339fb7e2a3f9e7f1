import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { registry as defaultRegistry } from "../core/default-registry.ts";
import { type ErrorCode, InferometerError } from "../core/errors.ts";
import { Registry } from "../core/registry.ts";
import type { Exporter, ServeOptions } from "./serve.ts";
import { DEFAULT_CHANNEL } from "./thread-channel.ts";
import { shareMetrics } from "./thread-member.ts";

/** What the thread is started with. */
export interface ThreadStart {
  readonly options: Omit<ServeOptions, "registry" | "clock" | "onError" | "worker" | "unref" | "select">;
  readonly channel: string;
}

/** What the thread says. */
export type ThreadWord =
  | { readonly kind: "open"; readonly url: string; readonly port: number }
  | { readonly kind: "refused"; readonly code: string; readonly message: string }
  | { readonly kind: "error"; readonly message: string }
  | { readonly kind: "closed" };

/**
 * An exporter in a thread of its own: scrapes are answered there, from shared memory, and cost this thread nothing but what its summaries,
 * callback gauges and collectors cost. Made by `serve({ worker: true })`. Throws OPTION_INVALID for a registry that is none.
 */
export async function serveFromThread(options: ServeOptions): Promise<Exporter> {
  const {
    registry = defaultRegistry,
    clock: _clock,
    worker: _worker,
    select,
    onError = warn,
    unref = false,
    channel = DEFAULT_CHANNEL,
    ...rest
  } = options;
  if (!(registry instanceof Registry)) {
    throw new InferometerError("OPTION_INVALID", "worker: true serves a Registry, whose memory it can read. Leave worker out, or give a Registry.");
  }
  if (select !== undefined) throw new InferometerError("OPTION_INVALID", "select works on this thread only. Leave worker out, or select.");
  const worker = new Worker(new URL("./thread-worker.js", import.meta.url), {
    workerData: { options: rest, channel } satisfies ThreadStart,
    name: "inferometer exporter",
  });
  // The thread listens on the channel before it says that it is open, so nothing that is shared is lost.
  const said = await firstWord(worker);
  if (said.kind !== "open") {
    await worker.terminate();
    throw said.kind === "refused"
      ? new InferometerError(said.code as ErrorCode, said.message)
      : new InferometerError("LISTEN_FAILED", `The exporter thread ended: ${JSON.stringify(said)}.`);
  }
  worker.on("message", (word: ThreadWord) => {
    if (word.kind === "error") onError(new Error(word.message));
  });
  worker.on("error", onError);
  shareMetrics({ registry, channel });
  if (unref) worker.unref();
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= ended(worker);
    return closing;
  };
  return { url: said.url, port: said.port, close, [Symbol.asyncDispose]: close };
}

async function firstWord(worker: Worker): Promise<ThreadWord> {
  const [word] = (await once(worker, "message")) as [ThreadWord];
  return word;
}

async function ended(worker: Worker): Promise<void> {
  const exit = once(worker, "exit");
  worker.postMessage("close");
  await exit;
}

const warn = (error: Error): void => process.emitWarning(error);
