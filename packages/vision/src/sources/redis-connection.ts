import { type Clock, InferometerError } from "@inferometer/metrics";
import type { SourceEvent } from "../types.ts";

/** An answer of Redis: numbers, bytes, lists of them. */
export type RedisReply = null | number | string | Uint8Array | readonly RedisReply[];

export interface RedisConnectionOptions {
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly onEvent: (event: SourceEvent) => void;
}

/** One connection, without a second life: whoever uses it decides when to try again. */
export interface RedisConnection {
  /** Throws what Redis answers as an error, and when no answer comes within the time-out (and `blockMs`, for a call that waits that long). */
  send(args: readonly string[], options?: { readonly blockMs?: number }): Promise<RedisReply>;
  close(): void;
}

/** An answer such as "WRONGTYPE …", in contrast to a connection that failed. */
export function isRedisAnswer(error: unknown): error is Error {
  return error instanceof Error && /^[A-Z]{3,} /.test(error.message);
}

/** Connects through the package @redis/client. Throws PACKAGE_MISSING without it, and whatever keeps it from connecting. */
export async function connectRedis(url: string, { timeoutMs, clock, onEvent }: RedisConnectionOptions): Promise<RedisConnection> {
  const { createClient, RESP_TYPES } = await import("@redis/client").catch((cause: unknown) => {
    const message = "Frames from Redis need the package @redis/client, which is not installed. Run: npm install @redis/client";
    throw new InferometerError("PACKAGE_MISSING", message, { cause });
  });
  const client = createClient({
    url,
    RESP: 2,
    disableOfflineQueue: true,
    disableClientInfo: true,
    socket: { connectTimeout: timeoutMs, reconnectStrategy: false },
  });
  client.on("error", () => {}); // each call that it fails tells of it
  const close = (): void => {
    if (client.isOpen) client.destroy();
  };
  try {
    await within(timeoutMs, client.connect());
    await within(timeoutMs, client.sendCommand(["PING"])); // a server that is stuck still takes connections
  } catch (error) {
    close();
    throw error;
  }
  const binary = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  return {
    async send(args, { blockMs = 0 } = {}) {
      const operation = args[0]!.toLowerCase();
      const startedMs = clock.now();
      const seconds = (): number => (clock.now() - startedMs) / 1000;
      try {
        const reply = await within(timeoutMs + blockMs, binary.sendCommand<RedisReply>([...args]));
        onEvent({ kind: "redis", operation, seconds: seconds() });
        return reply;
      } catch (error) {
        const answer = isRedisAnswer(error) ? error.message.split(" ", 1)[0]! : "CONNECTION";
        // That the group is there already is what was wanted.
        onEvent({ kind: "redis", operation, seconds: seconds(), ...(answer === "BUSYGROUP" ? {} : { error: answer }) });
        throw error;
      }
    },
    close,
  };
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
