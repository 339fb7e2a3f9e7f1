import { threadId } from "node:worker_threads";
import type { Collected, CollectorState } from "../core/collection.ts";
import { registry as defaultRegistry } from "../core/default-registry.ts";
import { Merger } from "../core/merge.ts";
import { Mirror } from "../core/mirror.ts";
import { fromPortable } from "../core/portable.ts";
import type { Registry } from "../core/registry.ts";
import { type FamilySnapshot, Snapshot } from "../core/snapshot.ts";
import type { Collectable, CollectOptions } from "./collectable.ts";
import { DEFAULT_CHANNEL, ThreadChannel, type ThreadMessage } from "./thread-channel.ts";
import { shareMetrics } from "./thread-member.ts";

export interface ThreadHubOptions {
  /** The registry of this thread, summed up with the others'; null: none. Default: the default registry. */
  readonly registry?: Registry | null;
  /** A name that those who share and the one who serves have in common. Default "inferometer". */
  readonly channel?: string;
}

interface Member {
  readonly threadId: number;
  readonly mirror: Mirror;
  /** Whether it was asked before. */
  known: boolean;
  /** What it answered last. */
  answer: { readonly snapshot: Snapshot; readonly collectors: readonly CollectorState[]; readonly missing: ReadonlySet<string> } | undefined;
}

interface Request {
  readonly waiting: Set<string>;
  readonly unheard: Set<string>;
  readonly wake: () => void;
}

/** A thread that has not even said within this time that it heard us is busy: its last answer stands. */
const HEARING_MS = 25;
/** One that has never answered is given more, once: it may have just begun. */
const FIRST_HEARING_MS = 1000;
const DEADLINE_MS = 10_000;

/**
 * The metrics of all threads of this process that call `shareMetrics`, summed up: give it to `serve` instead of a registry. Counters, histograms
 * and summaries of threads that have ended stay counted; their gauges go.
 *
 * @example
 * await using server = await serve({ registry: new ThreadHub() });
 */
export class ThreadHub implements Collectable {
  readonly #channel: ThreadChannel;
  readonly #members: Map<string, Member> = new Map();
  readonly #requests: Map<string, Request> = new Map();
  readonly #merger: Merger = new Merger();
  #departed: Snapshot | undefined;
  #nextRequest = 0;

  constructor(options: ThreadHubOptions = {}) {
    const { registry = defaultRegistry, channel = DEFAULT_CHANNEL } = options;
    this.#channel = new ThreadChannel(channel, (message) => this.#hear(message));
    this.#channel.post({ kind: "who" });
    if (registry !== null) shareMetrics({ registry, channel });
  }

  async collect(options: CollectOptions = {}): Promise<Collected> {
    this.#channel.drain();
    await this.#ask(options.signal);
    this.#channel.drain();
    const names = options.names === undefined ? undefined : new Set(options.names);
    // This thread's own come last: in the exporter's thread they tell of the exporter.
    const members = [...this.#members.values()].sort((a, b) => Number(a.threadId === threadId) - Number(b.threadId === threadId));
    const snapshots = members.map((member) => read(member));
    if (this.#departed !== undefined) snapshots.push(this.#departed);
    const all = snapshots.length === 1 ? snapshots[0]! : this.#merger.merge(snapshots);
    const snapshot =
      names === undefined
        ? all
        : new Snapshot(
            all.families.filter(({ name }) => names.has(name)),
            all.timestamp,
          );
    return { snapshot, collectors: this.collectorStates() };
  }

  collectorStates(): readonly CollectorState[] {
    return [...this.#members.values()].flatMap(({ answer }) => answer?.collectors ?? []);
  }

  /** Stops to listen to the other threads. */
  close(): void {
    this.#channel.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #hear(message: ThreadMessage): void {
    if (message.kind === "hello")
      this.#members.set(message.member, { threadId: message.threadId, mirror: new Mirror(message.version), known: false, answer: undefined });
    else if (message.kind === "part") this.#members.get(message.member)?.mirror.add(message.part);
    else if (message.kind === "bye") this.#depart(message.threadId);
    else if (message.kind === "heard") {
      const request = this.#requests.get(message.request);
      request?.unheard.delete(message.member);
    } else if (message.kind === "answer") {
      const member = this.#members.get(message.member);
      const { snapshot, collectors, missing } = message;
      if (member !== undefined) member.answer = { snapshot: fromPortable(snapshot), collectors, missing: new Set(missing) };
      const request = this.#requests.get(message.request);
      if (request?.waiting.delete(message.member) === true && request.waiting.size === 0) request.wake();
    }
  }

  /** Asks the members for what is not in shared memory; those who do not hear are passed over. */
  async #ask(signal: AbortSignal | undefined): Promise<void> {
    const asked = [...this.#members]
      .map(([id, member]) => ({ id, member, ...member.mirror.asked() }))
      .filter(({ names, collectors }) => names.length > 0 || collectors);
    if (asked.length === 0) return;
    const id = `${threadId}.${this.#nextRequest++}`;
    const ids = asked.map((member) => member.id);
    const { promise, resolve } = deferred();
    // A member of this very thread hears us as soon as this thread turns to it, so it is waited for.
    const others = asked.filter(({ member }) => member.threadId !== threadId);
    const isFirst = others.some(({ member }) => !member.known);
    const request: Request = { waiting: new Set(ids), unheard: new Set(others.map((member) => member.id)), wake: resolve };
    this.#requests.set(id, request);
    for (const { id: to, member, names } of asked) {
      member.known = true;
      this.#channel.post({ kind: "ask", member: to, request: id, names, deadlineMs: DEADLINE_MS });
    }
    const hearing = setTimeout(
      () => {
        this.#channel.drain();
        for (const unheard of request.unheard) request.waiting.delete(unheard);
        if (request.waiting.size === 0) resolve();
      },
      isFirst ? FIRST_HEARING_MS : HEARING_MS,
    );
    const late = setTimeout(resolve, DEADLINE_MS);
    signal?.addEventListener("abort", resolve, { once: true });
    if (signal?.aborted === true) resolve();
    await promise;
    clearTimeout(hearing);
    clearTimeout(late);
    signal?.removeEventListener("abort", resolve);
    this.#requests.delete(id);
  }

  /** A thread has ended: what it counted stays, what it showed goes. */
  #depart(ended: number): void {
    for (const [id, member] of [...this.#members]) {
      if (member.threadId !== ended) continue;
      this.#members.delete(id);
      const last = read(member);
      const counted = new Snapshot(
        last.families.filter(({ type }) => type === "counter" || type === "histogram" || type === "summary"),
        last.timestamp,
      );
      this.#departed = this.#departed === undefined ? counted : new Merger().merge([this.#departed, counted]);
      for (const request of this.#requests.values()) if (request.waiting.delete(id) && request.waiting.size === 0) request.wake();
    }
  }
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

function read({ mirror, answer }: Member): Snapshot {
  const asked: readonly FamilySnapshot[] = answer?.snapshot.families ?? [];
  const missing = answer?.missing ?? new Set();
  const families = mirror.read().filter(({ name }) => !missing.has(name));
  return new Snapshot([...families, ...asked], Date.now() / 1000);
}
