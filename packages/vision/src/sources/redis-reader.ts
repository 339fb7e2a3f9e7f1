import { isRedisAnswer, type RedisConnection, type RedisReply } from "./redis-connection.ts";
import { compareIds, StreamLedger, type StreamTally } from "./stream-ledger.ts";

export interface StreamEntry {
  readonly id: string;
  /** Undefined for an entry that was trimmed after it had been given to this consumer. */
  readonly fields: ReadonlyMap<string, Uint8Array> | undefined;
}

/** An entry, and what is known to have passed unseen before it. */
export interface StreamStep {
  readonly entry: StreamEntry;
  /** Gone before anybody could read them. */
  readonly trimmed: number;
  /** Still there, and passed over for a newer one. */
  readonly skipped: number;
  readonly lag: number | undefined;
}

/** A way to read a stream. `next` waits for at most `blockMs`. */
export interface StreamReader {
  /** After each connection, before the first `next`. */
  connected(connection: RedisConnection): Promise<void>;
  next(blockMs: number): Promise<StreamStep | undefined>;
  /** The entry was handed out. */
  done(id: string): void;
  close(): Promise<void>;
}

// XINFO STREAM answers with two whole entries, pictures and all: a script keeps them in Redis.
const TALLY = `
local function read(list) local t = {} for n = 1, #list, 2 do t[list[n]] = list[n + 1] end return t end
if redis.call('EXISTS', KEYS[1]) == 0 then return {} end
local info, others = read(redis.call('XINFO', 'STREAM', KEYS[1])), 0
if ARGV[1] ~= '' then
  for _, one in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
    local consumer = read(one)
    if consumer.name ~= ARGV[2] and consumer.idle < tonumber(ARGV[3]) then others = others + 1 end
  end
end
local first = info['first-entry']
return { info['entries-added'] or -1, info.length, first and first[1] or '', info['last-generated-id'], others }`;

const unable: WeakSet<RedisConnection> = new WeakSet();

/** The state of a stream. Undefined where there is no such stream, Redis is older than 7, or scripts are not allowed: then nothing is counted. */
async function tallyOf(
  connection: RedisConnection,
  { stream, group = "", consumer = "", sinceMs = 0 }: { stream: string; group?: string; consumer?: string; sinceMs?: number },
): Promise<StreamTally | undefined> {
  if (unable.has(connection)) return undefined;
  const args = ["EVAL", TALLY, "1", stream, group, consumer, String(Math.floor(sinceMs))];
  const reply = await connection.send(args).catch((error: unknown) => {
    if (!isRedisAnswer(error)) throw error;
    unable.add(connection); // it will not be allowed the next time either
    return undefined;
  });
  const [added, length, first, last, others] = (reply ?? []) as RedisReply[];
  if (typeof added !== "number" || added < 0) return undefined;
  return { added, length: Number(length), firstId: String(first), lastId: String(last), others: Number(others) };
}

/** The entries of an answer to XRANGE, or of the one stream in an answer to XREAD. */
function entriesOf(reply: RedisReply, from: "range" | "read"): StreamEntry[] {
  const list = (from === "range" ? reply : ((reply as RedisReply[] | null)?.[0] as RedisReply[] | undefined)?.[1]) as RedisReply[] | null | undefined;
  return (list ?? []).map((item) => {
    const [id, flat] = item as [Uint8Array, Uint8Array[] | null];
    if (flat === null) return { id: String(id), fields: undefined };
    const fields = new Map<string, Uint8Array>();
    for (let i = 0; i + 1 < flat.length; i += 2) fields.set(String(flat[i]), flat[i + 1]!);
    return { id: String(id), fields };
  });
}

const START = "0-0";

/** Always the newest entry; those in between are passed over. */
export class LatestReader implements StreamReader {
  readonly #stream: string;
  readonly #ledger: StreamLedger = new StreamLedger();
  #connection: RedisConnection | undefined;
  #lastId = START;

  constructor(stream: string) {
    this.#stream = stream;
  }

  async connected(connection: RedisConnection): Promise<void> {
    this.#connection = connection;
  }

  async next(blockMs: number): Promise<StreamStep | undefined> {
    const connection = this.#connection!;
    const stream = this.#stream;
    const wait = ["XREAD", "COUNT", "1", "BLOCK", String(blockMs), "STREAMS", stream, this.#lastId];
    const [came] = entriesOf(await connection.send(wait, { blockMs }), "read");
    const tally = await tallyOf(connection, { stream });
    if (came === undefined) {
      // The stream was made anew, or Redis lost it: its ids may start lower than where we are.
      if (tally === undefined || tally.length === 0) this.#lastId = START;
      return undefined;
    }
    const [newest] = tally?.lastId === came.id ? [came] : entriesOf(await connection.send(["XREVRANGE", stream, "+", "-", "COUNT", "1"]), "range");
    const entry = newest ?? came;
    this.#lastId = entry.id;
    if (tally === undefined) return { entry, trimmed: 0, skipped: 0, lag: undefined };
    const missed = this.#ledger.take(tally.lastId, tally);
    const skipped = Math.min(missed, Math.max(0, tally.length - 1)); // Redis trims the oldest: the newest `length` are still there
    return { entry, trimmed: missed - skipped, skipped, lag: undefined };
  }

  done(): void {}

  async close(): Promise<void> {}
}

export interface GroupOptions {
  readonly stream: string;
  readonly group: string;
  readonly consumer: string;
  readonly from: "oldest" | "new";
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** As a consumer of a group: each entry goes to one consumer, which acknowledges it. */
export class GroupReader implements StreamReader {
  readonly #options: GroupOptions;
  readonly #ledger: StreamLedger = new StreamLedger();
  readonly #bornMs: number;
  #connection: RedisConnection | undefined;
  /** Given to this consumer before a break and not acknowledged: read again first. */
  #pendingAfter: string | undefined;
  #lastHad = START;
  #lastDone = START;
  #shared = false;

  constructor(options: GroupOptions) {
    this.#options = options;
    this.#bornMs = options.now();
  }

  async connected(connection: RedisConnection): Promise<void> {
    const { stream, group, from } = this.#options;
    this.#connection = connection;
    this.#pendingAfter = START;
    try {
      await connection.send(["XGROUP", "CREATE", stream, group, from === "oldest" ? "0" : "$", "MKSTREAM"]);
    } catch (error) {
      if (error instanceof Error && error.message.startsWith("BUSYGROUP")) return;
      throw error;
    }
    const tally = await tallyOf(connection, { stream });
    if (tally !== undefined) this.#ledger.begin(tally, from);
  }

  async next(blockMs: number): Promise<StreamStep | undefined> {
    while (this.#pendingAfter !== undefined) {
      const [entry] = await this.#read(this.#pendingAfter, 0);
      this.#pendingAfter = entry?.id;
      if (entry === undefined) break;
      if (compareIds(entry.id, this.#lastDone) <= 0) {
        this.done(entry.id);
        continue;
      }
      if (compareIds(entry.id, this.#lastHad) > 0) this.#ledger.had();
      if (entry.fields === undefined) this.done(entry.id);
      return { entry, trimmed: entry.fields === undefined ? 1 : 0, skipped: 0, lag: undefined };
    }
    const [entry] = await this.#read(">", blockMs);
    if (entry === undefined) return undefined;
    const tally = await this.#tally();
    this.#shared ||= (tally?.others ?? 0) > 0;
    const counted = tally !== undefined && !this.#shared;
    const trimmed = counted ? this.#ledger.take(entry.id, tally) : 0;
    this.#lastHad = entry.id;
    return { entry, trimmed, skipped: 0, lag: counted ? this.#ledger.lag : undefined };
  }

  /** An acknowledgement that is lost with the connection is made good after the next one. */
  done(id: string): void {
    const { stream, group } = this.#options;
    if (compareIds(id, this.#lastDone) > 0) this.#lastDone = id;
    this.#connection!.send(["XACK", stream, group, id]).catch(() => {});
  }

  /** Takes the consumer off the group, unless it owes an answer for something. */
  async close(): Promise<void> {
    const { stream, group, consumer } = this.#options;
    const pending = (await this.#connection!.send(["XPENDING", stream, group, "-", "+", "1", consumer])) as RedisReply[];
    if (pending.length === 0) await this.#connection!.send(["XGROUP", "DELCONSUMER", stream, group, consumer]);
  }

  async #read(from: string, blockMs: number): Promise<StreamEntry[]> {
    const { stream, group, consumer } = this.#options;
    const block = blockMs > 0 ? ["BLOCK", String(blockMs)] : [];
    const args = ["XREADGROUP", "GROUP", group, consumer, "COUNT", "1", ...block, "STREAMS", stream, from];
    return entriesOf(await this.#connection!.send(args, { blockMs }), "read");
  }

  #tally(): Promise<StreamTally | undefined> {
    const { now, ...names } = this.#options;
    return tallyOf(this.#connection!, { ...names, sinceMs: now() - this.#bornMs });
  }
}
