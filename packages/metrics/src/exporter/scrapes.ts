import type { Clock } from "../core/clock.ts";
import type { Collected, CollectorState } from "../core/collection.ts";
import type { Format } from "../formats/format.ts";
import { Body } from "./body.ts";
import type { Collectable } from "./collectable.ts";
import type { Encoder } from "./encoders.ts";
import type { NameFilter } from "./name-filter.ts";

/** What one scrape asks for. */
export interface ScrapeRequest {
  readonly format: Format;
  /** Undefined: everything. */
  readonly filter: NameFilter | undefined;
  /** Milliseconds that the collection may take. */
  readonly timeMs: number;
}

/** What a scrape gets. `body.read` must be called once for it, then the reading's `release`. */
export interface Scraped {
  readonly body: Body;
  /** Whether a collector failed or came too late. */
  readonly partial: boolean;
}

/** Makes the encoder of a format; `kept` is true where the same metrics will be asked for again and again. */
export type EncoderOf = (format: Format, options: { readonly kept: boolean }) => Encoder;

interface Shared<T> {
  readonly deadline: number;
  readonly result: Promise<T>;
  readers: number;
}

interface Kept {
  readonly encoder: Encoder;
  last: Body | undefined;
  usedAt: number;
}

/** A collection may overrun its deadline by this much before the scrape gives up on it. */
const GRACE_MS = 500;

/** How old the last collection may be for `/health` to trust it. */
const HEALTH_MAX_AGE_MS = 15_000;

/** A kept text that nobody asked for this long is dropped: someone who looked once with a browser must not cost its memory for ever. */
const KEPT_MAX_AGE_MS = 600_000;

/** Answers for slow readers may hold this much memory together, or four times the newest answer where that is more. */
const MAX_HELD_BYTES = 64 * 1024 * 1024;

/** The collection did not end in time, although it was told to. */
export class CollectionLate extends Error {
  override readonly name = "CollectionLate";
}

/**
 * Collections and encodings, shared: scrapes of the same thing that overlap get the same collection and the same bytes. A scrape joins
 * a running one only if that ends in time for it.
 */
export class Scrapes {
  readonly #registry: Collectable;
  readonly #encoderOf: EncoderOf;
  readonly #clock: Clock;
  readonly #collections: Map<string, Shared<Collected>> = new Map();
  readonly #scrapes: Map<string, Shared<Scraped>> = new Map();
  readonly #kept: Map<Format, Kept> = new Map();
  readonly #bodies: Set<Body> = new Set();
  #lastEncoding: Promise<unknown> = Promise.resolve();
  #collectedAt: number | undefined;

  constructor(registry: Collectable, options: { readonly encoderOf: EncoderOf; readonly clock: Clock }) {
    this.#registry = registry;
    this.#encoderOf = options.encoderOf;
    this.#clock = options.clock;
  }

  /** Rejects with CollectionLate, or with what the registry or the encoder threw. */
  scrape(request: ScrapeRequest): Promise<Scraped> {
    return this.#share(this.#scrapes, `${request.format.name} ${request.filter?.key ?? ""}`, request.timeMs, (close) => this.#scrape(request, close));
  }

  /** Each collector's state, at most 15 s old: without scrapes, a collection is made for it. Rejects as `scrape`. */
  async collectorStates(timeMs: number): Promise<readonly CollectorState[]> {
    const age = this.#clock.now() - (this.#collectedAt ?? Number.NEGATIVE_INFINITY);
    return age <= HEALTH_MAX_AGE_MS ? this.#registry.collectorStates() : (await this.#collected(undefined, timeMs)).collectors;
  }

  async #scrape(request: ScrapeRequest, close: () => number): Promise<Scraped> {
    const { format, filter, timeMs } = request;
    const { snapshot, collectors } = await this.#collected(filter, timeMs);
    const partial = collectors.some((collector) => !collector.ok);
    const encode = async (): Promise<Scraped> => {
      const kept = filter === undefined ? this.#keptEncoder(format) : undefined;
      // A kept text is about to be patched: who still reads the last one gets a copy.
      await kept?.last?.detach();
      const encoder = kept?.encoder ?? this.#encoderOf(format, { kept: false });
      const { chunks, lent } = await encoder.encode(filter === undefined ? snapshot : filter.narrow(snapshot));
      const body = new Body(chunks, { lent, readers: close() });
      if (kept !== undefined) kept.last = body;
      this.#hold(body);
      return { body, partial };
    };
    // One encoding at a time: two would take two slices in each turn of the event loop, and a kept text has one pen.
    const encoding = this.#lastEncoding.then(encode);
    this.#lastEncoding = encoding.catch(() => {});
    return encoding;
  }

  #collected(filter: NameFilter | undefined, timeMs: number): Promise<Collected> {
    return this.#share(this.#collections, filter?.key ?? "", timeMs, async () => {
      const collected = await this.#collectInTime(filter, timeMs);
      if (filter === undefined) this.#collectedAt = this.#clock.now();
      return collected;
    });
  }

  async #collectInTime(filter: NameFilter | undefined, timeMs: number): Promise<Collected> {
    // Not AbortSignal.timeout: its timers cannot be cleared, so those of the last 10 s would wait, and each make an error at its end.
    const deadline = new AbortController();
    const { signal } = deadline;
    const inTime = setTimeout(() => deadline.abort(), Math.ceil(timeMs));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new CollectionLate("The collection did not end by its deadline.")), timeMs + GRACE_MS);
    });
    try {
      return await Promise.race([this.#registry.collect({ signal, ...(filter === undefined ? {} : { names: filter.candidates() }) }), late]);
    } finally {
      clearTimeout(timer);
      clearTimeout(inTime);
    }
  }

  /**
   * Joins what runs under this key if it ends in time, else starts it. `start` is handed a function that ends the joining and says how many
   * joined; what it leaves open ends with its promise.
   */
  #share<T>(running: Map<string, Shared<T>>, key: string, timeMs: number, start: (close: () => number) => Promise<T>): Promise<T> {
    const deadline = this.#clock.now() + timeMs;
    const current = running.get(key);
    if (current !== undefined && current.deadline <= deadline) {
      current.readers++;
      return current.result;
    }
    const close = (): number => {
      if (running.get(key) === shared) running.delete(key);
      return shared.readers;
    };
    const shared: Shared<T> = { deadline, readers: 1, result: start(close).finally(close) };
    running.set(key, shared);
    return shared.result;
  }

  #keptEncoder(format: Format): Kept {
    const now = this.#clock.now();
    for (const [other, { usedAt }] of this.#kept) if (now - usedAt > KEPT_MAX_AGE_MS) this.#kept.delete(other);
    let kept = this.#kept.get(format);
    if (kept === undefined) {
      kept = { encoder: this.#encoderOf(format, { kept: true }), last: undefined, usedAt: now };
      this.#kept.set(format, kept);
    }
    kept.usedAt = now;
    return kept;
  }

  /** Keeps account of the answers that are still being read; when they hold too much, the oldest lose their readers. */
  #hold(newest: Body): void {
    for (const body of this.#bodies) if (body.isDone) this.#bodies.delete(body);
    let held = 0;
    for (const body of this.#bodies) held += body.heldBytes;
    const limit = Math.max(MAX_HELD_BYTES, 4 * newest.byteLength);
    for (const body of this.#bodies) {
      if (held <= limit) break;
      held -= body.heldBytes;
      body.abandon();
      this.#bodies.delete(body);
    }
    this.#bodies.add(newest);
  }
}
