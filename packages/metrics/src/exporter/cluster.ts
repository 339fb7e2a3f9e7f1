import cluster, { type Worker } from "node:cluster";
import { deserialize, serialize } from "node:v8";
import type { Collected, CollectorState } from "../core/collection.ts";
import { registry as defaultRegistry } from "../core/default-registry.ts";
import { type Duration, parseDuration } from "../core/duration.ts";
import { Merger } from "../core/merge.ts";
import { fromPortable, type PortableSnapshot, toPortable } from "../core/portable.ts";
import type { Registry } from "../core/registry.ts";
import { Snapshot } from "../core/snapshot.ts";
import type { Collectable, CollectOptions } from "./collectable.ts";

export interface ClusterOptions {
  /** Default: the default registry. */
  readonly registry?: Registry;
  /** How often a worker sends its metrics without being asked, so that a crash loses little. Default "5s". */
  readonly interval?: Duration;
  /** How long a scrape waits for the workers; of one that has not answered the last copy stands. Default "1s". */
  readonly timeout?: Duration;
}

// Text, since a cluster's messages are JSON unless the program asked for more.
type ClusterMessage =
  | { readonly inferometer: "ask"; readonly request: number }
  | { readonly inferometer: "metrics"; readonly request: number; readonly body: string };

interface WorkerBody {
  readonly snapshot: PortableSnapshot;
  readonly collectors: readonly CollectorState[];
}

interface Copy {
  readonly snapshot: Snapshot;
  readonly collectors: readonly CollectorState[];
}

/**
 * The metrics of a node:cluster, summed up in the primary. Call it in the primary and in every worker, with the same registry as everywhere
 * else in that process; in the primary, serve what it returns. Counters, histograms and summaries of workers that have ended stay counted; gauges
 * follow their `merge` rule over the live ones. A worker that is stuck fails nothing: its last copy stands.
 *
 * @example
 * const metrics = clusterMetrics();
 * if (cluster.isPrimary) await serve({ registry: metrics });
 */
export function clusterMetrics(options: ClusterOptions = {}): Collectable {
  const { registry = defaultRegistry } = options;
  if (cluster.isPrimary) return new ClusterHub(registry, parseDuration(options.timeout ?? "1s"));
  report(registry, parseDuration(options.interval ?? "5s"));
  return registry;
}

function report(registry: Registry, intervalMs: number): void {
  let busy = false;
  const send = async (request: number): Promise<void> => {
    const { snapshot, collectors } = await registry.collect({ signal: AbortSignal.timeout(1000) });
    const body: WorkerBody = { snapshot: toPortable(snapshot), collectors };
    const message: ClusterMessage = { inferometer: "metrics", request, body: serialize(body).toString("base64") };
    if (process.connected) await new Promise<void>((sent) => process.send?.(message, undefined, {}, () => sent()));
  };
  process.on("message", (message: unknown) => {
    if (isOurs(message) && message.inferometer === "ask") void send(message.request);
  });
  setInterval(() => {
    if (busy) return; // a primary that does not read must not make us queue without end
    busy = true;
    void send(-1).finally(() => {
      busy = false;
    });
  }, intervalMs).unref();
  // What was counted since the last copy must not go with a worker that ends in good order.
  cluster.worker?.prependOnceListener("disconnect", () => void send(-1));
  void send(-1);
}

class ClusterHub implements Collectable {
  readonly #registry: Registry;
  readonly #timeoutMs: number;
  readonly #copies: Map<number, Copy> = new Map();
  readonly #merger: Merger = new Merger();
  #departed: Snapshot | undefined;
  #request = 0;
  readonly #answers: Map<number, (worker: number) => void> = new Map();
  #own: readonly CollectorState[] = [];

  constructor(registry: Registry, timeoutMs: number) {
    this.#registry = registry;
    this.#timeoutMs = timeoutMs;
    cluster.on("message", (worker: Worker, message: unknown) => {
      if (!isOurs(message) || message.inferometer !== "metrics") return;
      const { snapshot, collectors } = deserialize(Buffer.from(message.body, "base64")) as WorkerBody;
      this.#copies.set(worker.id, { snapshot: fromPortable(snapshot), collectors });
      this.#answers.get(message.request)?.(worker.id);
    });
    cluster.on("exit", (worker: Worker) => this.#depart(worker.id));
  }

  async collect(options: CollectOptions = {}): Promise<Collected> {
    const [own] = await Promise.all([this.#registry.collect(options), this.#ask(options.signal)]);
    this.#own = own.collectors;
    const names = options.names === undefined ? undefined : new Set(options.names);
    const chosen = (snapshot: Snapshot): Snapshot =>
      names === undefined
        ? snapshot
        : new Snapshot(
            snapshot.families.filter(({ name }) => names.has(name)),
            snapshot.timestamp,
          );
    const snapshots = [own.snapshot, ...[...this.#copies.values()].map((copy) => chosen(copy.snapshot))];
    if (this.#departed !== undefined) snapshots.push(chosen(this.#departed));
    return { snapshot: this.#merger.merge(snapshots), collectors: this.collectorStates() };
  }

  collectorStates(): readonly CollectorState[] {
    return [
      ...this.#own,
      ...[...this.#copies].flatMap(([id, { collectors }]) => collectors.map((state) => ({ ...state, name: `worker ${id}: ${state.name}` }))),
    ];
  }

  #ask(signal: AbortSignal | undefined): Promise<void> {
    const request = ++this.#request;
    const waiting = new Set<number>();
    for (const worker of Object.values(cluster.workers ?? {})) {
      if (worker === undefined || !worker.isConnected()) continue;
      const message: ClusterMessage = { inferometer: "ask", request };
      worker.send(message);
      if (this.#copies.has(worker.id)) waiting.add(worker.id); // one that never reported may not know of us
    }
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        this.#answers.delete(request);
        resolve();
      };
      const timer = setTimeout(done, this.#timeoutMs);
      this.#answers.set(request, (id) => {
        waiting.delete(id);
        if (waiting.size === 0) done();
      });
      signal?.addEventListener("abort", done, { once: true });
      if (waiting.size === 0 || signal?.aborted === true) done();
    });
  }

  #depart(id: number): void {
    const copy = this.#copies.get(id);
    this.#copies.delete(id);
    for (const answered of [...this.#answers.values()]) answered(id);
    if (copy === undefined) return;
    const counted = new Snapshot(
      copy.snapshot.families.filter(({ type }) => type === "counter" || type === "histogram" || type === "summary"),
      copy.snapshot.timestamp,
    );
    this.#departed = this.#departed === undefined ? counted : new Merger().merge([this.#departed, counted]);
  }
}

const isOurs = (message: unknown): message is ClusterMessage => typeof message === "object" && message !== null && "inferometer" in message;
