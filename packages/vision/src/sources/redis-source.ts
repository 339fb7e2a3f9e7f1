import { hostname } from "node:os";
import { pid } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { type Clock, type Duration, InferometerError, parseDuration, shown, systemClock } from "@inferometer/metrics";
import type { FrameStamp, Source, SourceEvent, SourceOpenOptions, StreamInfo } from "../types.ts";
import { Backoff } from "./backoff.ts";
import { findFfmpeg } from "./find-ffmpeg.ts";
import { PictureDecoder, type PictureForm, wantedSize } from "./picture-decoder.ts";
import { connectRedis, isRedisAnswer, type RedisConnection } from "./redis-connection.ts";
import { convertPixels, type RedisPicture, readRedisPicture, toPpm } from "./redis-message.ts";
import { GroupReader, LatestReader, type StreamReader, type StreamStep } from "./redis-reader.ts";
import { secretsRemover, withoutSecrets } from "./secrets.ts";
import { bytesOf } from "./video-input.ts";

export interface RedisSpec {
  readonly kind: "redis";
  /** "redis://user:password@host:6379/0", or rediss:// for TLS. */
  readonly url: string;
  /** Key of the stream. */
  readonly stream: string;
  /** "latest": always the newest picture. "group": every picture, shared out among the consumers of a group. Default "group" where `group` is given, else "latest". */
  readonly mode?: "latest" | "group";
  /** Default "inferometer". */
  readonly group?: string;
  /** Name within the group. Default: host name and process id; removed from the group at the end. */
  readonly consumer?: string;
  /** Where a group that is made now begins. Default "oldest". */
  readonly from?: "oldest" | "new";
  /** Which colour comes first in raw pictures. Default "bgr", as OpenCV writes them. */
  readonly color?: "bgr" | "rgb";
  /** For connecting, and for each answer. Default "5s". */
  readonly connectTimeout?: Duration;
  /** How long `open` waits for the first picture. Default "30s". */
  readonly firstFrameTimeout?: Duration;
  /** Path of ffmpeg, which decodes compressed pictures. Default: the variable FFMPEG_PATH, else the PATH. */
  readonly ffmpeg?: string;
}

const BLOCK_MS = 500;

/**
 * Pictures from a stream in Redis, as OpenCV programs put them there (base64 in `image_data`) or as plain bytes (in `image`): see readRedisPicture.
 *
 * A picture of a group is acknowledged when it is handed out; one whose acknowledgement was lost is not handed out twice by the same source.
 * Entries that were trimmed before anybody read them are told as dropped ("trimmed"), those that "latest" passed over as dropped ("backpressure").
 * That needs Redis 7, the right to EVAL, and, in a group, no other consumer at work: else they cannot be told and are not counted.
 * When Redis goes away, `read` waits and goes on when it is back. Seconds of the "redis" events of XREAD and XREADGROUP include the wait.
 */
export class RedisSource implements Source {
  readonly name: string;
  readonly live = true;
  readonly #spec: RedisSpec;
  readonly #clock: Clock;
  readonly #clean: (text: string) => string;
  readonly #timeoutMs: number;
  readonly #reader: StreamReader;
  readonly #closing: AbortController = new AbortController();
  readonly #backoff: Backoff = new Backoff({ longestMs: 5000 });
  #connection: RedisConnection | undefined;
  #decoder: PictureDecoder | undefined;
  #form: PictureForm = { width: 0, height: 0, pixelFormat: "rgb24" };
  #onEvent: (event: SourceEvent) => void = () => {};
  #held: { readonly id: string; readonly picture: RedisPicture } | undefined;
  #index = 0;
  #firstSeconds: number | undefined;

  constructor(spec: RedisSpec, { clock = systemClock }: { clock?: Clock } = {}) {
    const { stream, group = "inferometer", mode = spec.group === undefined ? "latest" : "group", from = "oldest" } = spec;
    if (stream === "")
      throw new InferometerError("OPTION_INVALID", "The stream's name is empty. Give the key of the stream, for example robot_camera.");
    if (!/^rediss?:\/\/./i.test(spec.url)) {
      throw new InferometerError("OPTION_INVALID", `${shown(withoutSecrets(spec.url))} is no address of Redis. Write redis://host:6379.`);
    }
    this.#spec = spec;
    this.#clock = clock;
    this.#clean = secretsRemover(spec.url);
    this.name = `${withoutSecrets(spec.url).replace(/\/\d*$/, "")}/${stream}`;
    this.#timeoutMs = parseDuration(spec.connectTimeout ?? "5s");
    const consumer = spec.consumer ?? `${hostname()}-${pid}`;
    this.#reader = mode === "latest" ? new LatestReader(stream) : new GroupReader({ stream, group, consumer, from, now: () => clock.now() });
  }

  /** Beside what every source throws: SOURCE_LOST where Redis is not there, PACKAGE_MISSING without the package @redis/client. */
  async open(options: SourceOpenOptions = {}): Promise<StreamInfo> {
    this.#onEvent = options.onEvent ?? (() => {});
    const waitMs = parseDuration(this.#spec.firstFrameTimeout ?? "30s");
    try {
      await this.#connect();
      for (const until = this.#clock.now() + waitMs; this.#form.width === 0; ) {
        const leftMs = until - this.#clock.now();
        if (leftMs <= 0) throw new InferometerError("SOURCE_LOST", `${this.name} held no picture for ${waitMs / 1000} s. Is the producer running?`);
        const picture = await this.#nextPicture(Math.max(1, Math.min(BLOCK_MS, Math.round(leftMs))));
        if (this.#closing.signal.aborted) break;
        if (picture === undefined) continue;
        const size = picture.picture.kind === "raw" ? picture.picture : await (await this.#decode()).sizeOf(picture.picture.bytes);
        if (size === undefined) this.#corrupt(picture.id);
        else {
          this.#held = picture;
          this.#form = { ...wantedSize(size, options), pixelFormat: options.pixelFormat ?? "rgb24" };
        }
      }
    } catch (error) {
      await this.close();
      throw this.#mended(error);
    }
    return this.#form;
  }

  async read(into: Uint8Array): Promise<FrameStamp | undefined> {
    const bytes = bytesOf(this.#form);
    if (into.length < bytes) {
      throw new InferometerError(
        "OPTION_INVALID",
        `A buffer of ${into.length} bytes cannot hold a picture of ${bytes}. Use the size that open() tells.`,
      );
    }
    while (!this.#closing.signal.aborted) {
      try {
        if (this.#connection === undefined) await this.#connect();
        const next = this.#held ?? (await this.#nextPicture(BLOCK_MS));
        this.#held = undefined;
        if (next === undefined) continue;
        const fine = await this.#develop(next.picture, into.subarray(0, bytes));
        if (this.#closing.signal.aborted) return undefined;
        if (fine) return this.#stamp(next);
        this.#corrupt(next.id);
      } catch (error) {
        if (this.#closing.signal.aborted) return undefined;
        if (error instanceof InferometerError || (isRedisAnswer(error) && error.message.startsWith("WRONGTYPE"))) throw this.#mended(error);
        await this.#down(error);
      }
    }
    return undefined;
  }

  async close(): Promise<void> {
    if (!this.#closing.signal.aborted) {
      this.#closing.abort();
      // Sent behind a read that may wait for half a second; a Redis that does not answer is not waited for.
      const cleaned = this.#connection !== undefined && this.#held === undefined ? this.#reader.close().catch(() => {}) : undefined;
      await Promise.race([cleaned, sleep(2 * BLOCK_MS, undefined, { ref: false })]);
    }
    this.#connection?.close();
    this.#connection = undefined;
    await this.#decoder?.close();
  }

  async #connect(): Promise<void> {
    const { url } = this.#spec;
    const connection = await connectRedis(url, { timeoutMs: this.#timeoutMs, clock: this.#clock, onEvent: (event) => this.#onEvent(event) });
    if (this.#closing.signal.aborted) return connection.close();
    this.#connection = connection;
    await this.#reader.connected(connection);
    this.#backoff.succeeded();
    this.#onEvent({ kind: "up" });
  }

  async #down(error: unknown): Promise<void> {
    const message = this.#words(error);
    if (this.#connection !== undefined || this.#backoff.tries === 0) this.#onEvent({ kind: "down", message });
    this.#connection?.close();
    this.#connection = undefined;
    await sleep(this.#backoff.nextMs(), undefined, { signal: this.#closing.signal }).catch(() => {});
    if (!this.#closing.signal.aborted) this.#onEvent({ kind: "restart", reason: "connection" });
  }

  async #nextPicture(blockMs: number): Promise<{ readonly id: string; readonly picture: RedisPicture } | undefined> {
    const step = await this.#reader.next(blockMs);
    if (step === undefined) return undefined;
    this.#tellMissed(step);
    const { id, fields } = step.entry;
    if (fields === undefined) return undefined;
    const picture = readRedisPicture(fields);
    if (picture === undefined) this.#corrupt(id);
    return picture && { id, picture };
  }

  #tellMissed({ trimmed, skipped, lag }: StreamStep): void {
    this.#index += trimmed + skipped;
    if (trimmed > 0) this.#onEvent({ kind: "dropped", reason: "trimmed", count: trimmed });
    if (skipped > 0) this.#onEvent({ kind: "dropped", reason: "backpressure", count: skipped });
    if (lag !== undefined) this.#onEvent({ kind: "lag", frames: lag });
  }

  #corrupt(id: string): void {
    this.#index++;
    this.#reader.done(id);
    this.#onEvent({ kind: "decode-error", type: "undecodable", count: 1 });
    this.#onEvent({ kind: "dropped", reason: "corrupt", count: 1 });
  }

  #stamp({ id, picture }: { readonly id: string; readonly picture: RedisPicture }): FrameStamp {
    this.#reader.done(id);
    // An entry's id begins with the time at which it was added.
    const seconds = picture.epochSeconds ?? Number(id.split("-", 1)[0]) / 1000;
    this.#firstSeconds ??= seconds;
    return { index: this.#index++, timestampSeconds: Math.max(0, seconds - this.#firstSeconds) };
  }

  async #decode(): Promise<PictureDecoder> {
    this.#decoder ??= new PictureDecoder(findFfmpeg(this.#spec.ffmpeg));
    return this.#decoder;
  }

  async #develop(picture: RedisPicture, into: Uint8Array): Promise<boolean> {
    const { color: order = "bgr" } = this.#spec;
    const { width, height, pixelFormat } = this.#form;
    if (picture.kind === "raw" && picture.width === width && picture.height === height) {
      convertPixels(picture, { into, pixelFormat, order });
      return true;
    }
    return (await this.#decode()).decode(picture.kind === "raw" ? toPpm(picture, order) : picture.bytes, into, this.#form);
  }

  /** What the caller is told of an error that ends the source. */
  #mended(error: unknown): unknown {
    if (error instanceof InferometerError) return error;
    if (isRedisAnswer(error) && error.message.startsWith("WRONGTYPE")) {
      return new InferometerError("SOURCE_INVALID", `${this.name} is not a stream. Name the key that the producer adds its frames to.`);
    }
    return new InferometerError(
      "SOURCE_LOST",
      `${this.name} cannot be read: ${this.#words(error)}. Is Redis running there, and are user and password right?`,
    );
  }

  #words(error: unknown): string {
    const { message, code, errors } = error as Error & { code?: string; errors?: Error[] };
    // A name with several addresses fails with one error for each, and no message of its own.
    return this.#clean(message || errors?.map((each) => each.message).join("; ") || code || String(error));
  }
}
