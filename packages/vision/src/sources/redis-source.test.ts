import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { InferometerError } from "@inferometer/metrics";
import { createClient } from "@redis/client";
import { unlessMissing } from "../../../../tools/programs.mjs";
import type { FrameStamp, SourceEvent, SourceOpenOptions } from "../types.ts";
import { RedisSource, type RedisSpec } from "./redis-source.ts";
import { eventually, ffmpeg, freePort, scratch, startRedis, stop, testPicture, told } from "./sources.test-kit.ts";

const needs = unlessMissing("redis-server", "ffmpeg");
const SIZE = { width: 4, height: 2 };
const BYTES = SIZE.width * SIZE.height * 3;
const failsWith = (code: string, pattern: RegExp) => (error: unknown) =>
  error instanceof InferometerError && error.code === code && pattern.test(error.message);

/** A producer as there are in Python: BGR in base64, the number of the picture in each pixel's blue. */
class Producer {
  readonly #client: ReturnType<typeof createClient>;
  #number = 0;

  private constructor(client: ReturnType<typeof createClient>) {
    this.#client = client;
  }

  static async connect(t: TestContext, url: string): Promise<Producer> {
    const client = createClient({ url, socket: { reconnectStrategy: false } });
    client.on("error", () => {});
    await client.connect();
    t.after(() => client.isOpen && client.destroy());
    return new Producer(client as ReturnType<typeof createClient>);
  }

  async send(...args: (string | Buffer)[]): Promise<unknown> {
    return this.#client.sendCommand(args);
  }

  /** Adds `count` pictures, one after the other, to a stream of at most `most`. */
  async add(count: number, { most = 5, fields = {} }: { most?: number; fields?: Record<string, string | Buffer> } = {}): Promise<void> {
    for (let i = 0; i < count; i++) {
      const number = ++this.#number;
      const pixels = Buffer.alloc(BYTES, Buffer.from([number, 1, 2]));
      const seed = { timestamp: String(1_700_000_000 + number), format: "raw", width: "4", height: "2", channels: "3", dtype: "uint8" };
      const entry = { image_data: pixels.toString("base64"), ...seed, ...fields };
      await this.send("XADD", "camera", "MAXLEN", String(most), "*", ...Object.entries(entry).flat());
    }
  }
}

/** A source under test, with what it tells and the pictures it gives: each by its number. */
async function opened(t: TestContext, spec: Partial<RedisSpec> & { url: string }, options: SourceOpenOptions = {}) {
  const events: SourceEvent[] = [];
  const source = new RedisSource({ kind: "redis", stream: "camera", connectTimeout: "2s", ...spec });
  t.after(() => source.close());
  const info = await source.open({ ...options, onEvent: (event) => events.push(event) });
  const picture = new Uint8Array(info.width * info.height * (info.pixelFormat === "gray8" ? 1 : 3));
  const next = async (): Promise<FrameStamp & { number: number }> => ({ ...(await source.read(picture))!, number: picture[2]! });
  return { source, events, info, picture, next };
}

async function redisFor(t: TestContext, password?: string) {
  const port = await freePort();
  const server = await startRedis(t, password === undefined ? { port } : { port, password });
  const url = password === undefined ? `redis://127.0.0.1:${port}` : `redis://:${password}@127.0.0.1:${port}`;
  return { port, server, url, producer: await Producer.connect(t, url) };
}

test("a group's consumer gets every picture once, in order, and acknowledges it", needs, async (t) => {
  const { url, producer } = await redisFor(t);
  await producer.add(3);
  const { source, events, info, next, picture } = await opened(t, { url, group: "g" });
  assert.deepEqual(info, { ...SIZE, pixelFormat: "rgb24" });
  assert.deepEqual(await next(), { index: 0, timestampSeconds: 0, number: 1 });
  assert.deepEqual([...picture.subarray(0, 6)], [2, 1, 1, 2, 1, 1], "blue and red are not exchanged");
  assert.deepEqual(await next(), { index: 1, timestampSeconds: 1, number: 2 });
  assert.deepEqual(await next(), { index: 2, timestampSeconds: 2, number: 3 });
  const waiting = next();
  await producer.add(1);
  assert.deepEqual(await waiting, { index: 3, timestampSeconds: 3, number: 4 });
  assert.equal(told(events, "dropped"), 0);
  const reads = events.filter((event) => event.kind === "redis" && event.operation === "xreadgroup");
  assert.ok(reads.length >= 4 && reads.every((event) => event.kind === "redis" && event.seconds >= 0 && event.error === undefined));
  await source.close();
  assert.deepEqual(await producer.send("XPENDING", "camera", "g"), [0, null, null, null]);
  assert.deepEqual(await producer.send("XINFO", "CONSUMERS", "camera", "g"), []);
});

test("trimmed pictures are counted: none is neither handed out nor told", needs, async (t) => {
  const { url, producer } = await redisFor(t);
  await producer.add(2);
  const { events, next } = await opened(t, { url, group: "g" });
  assert.equal((await next()).number, 1);
  assert.equal((await next()).number, 2);
  await producer.add(20); // 18 to 22 are left
  const stamps = [await next(), await next(), await next()];
  assert.deepEqual(
    stamps.map(({ number, index }) => [number, index]),
    [
      [18, 17],
      [19, 18],
      [20, 19],
    ],
  );
  assert.equal(told(events, "dropped", "trimmed"), 15);
  assert.deepEqual(events.filter(({ kind }) => kind === "lag").at(-1), { kind: "lag", frames: 2 });
});

test("with another consumer at work in the group nothing is said of trimmed pictures", needs, async (t) => {
  const { url, producer } = await redisFor(t);
  await producer.add(2);
  const { events, next } = await opened(t, { url, group: "g" });
  await next();
  await producer.send("XREADGROUP", "GROUP", "g", "other", "COUNT", "1", "STREAMS", "camera", ">");
  await producer.add(3);
  assert.equal((await next()).number, 3);
  assert.equal(told(events, "dropped"), 0);
});

test("latest gives the newest picture, and counts those it passed over and those that were trimmed", needs, async (t) => {
  const { url, producer } = await redisFor(t);
  await producer.add(4);
  const { events, next } = await opened(t, { url });
  assert.deepEqual(await next(), { index: 0, timestampSeconds: 0, number: 4 });
  await producer.add(3);
  assert.deepEqual(await next(), { index: 3, timestampSeconds: 3, number: 7 });
  assert.deepEqual([told(events, "dropped", "backpressure"), told(events, "dropped", "trimmed")], [2, 0]);
  await producer.add(10);
  assert.equal((await next()).number, 17);
  assert.deepEqual([told(events, "dropped", "backpressure"), told(events, "dropped", "trimmed")], [6, 5]);
  const waiting = next();
  await producer.add(1);
  assert.deepEqual(await waiting, { index: 14, timestampSeconds: 14, number: 18 });
});

test("latest goes on when the stream is deleted and made anew with lower ids", needs, async (t) => {
  const { url, producer } = await redisFor(t);
  await producer.add(1);
  const { next } = await opened(t, { url });
  await next();
  await producer.send("DEL", "camera");
  const waiting = next();
  await producer.send("XADD", "other", "*", "a", "1"); // the answer shows that the deletion is over
  const pixels = Buffer.alloc(BYTES, 99);
  await new Promise((resolve) => setTimeout(resolve, 700)); // a read of 0.5 s has found nothing
  await producer.send("XADD", "camera", "1-1", "image", pixels, "format", "raw", "width", "4", "height", "2");
  assert.equal((await waiting).number, 99);
});

test("JPEG, binary and grey pictures, other sizes and corrupt ones share a stream", needs, async (t) => {
  const { url, producer } = await redisFor(t);
  const folder = scratch(t);
  ffmpeg("-f", "lavfi", "-i", "color=c=0xC86432:size=16x8", "-frames:v", "1", "-q:v", "1", join(folder, "a.jpg"));
  const jpeg = readFileSync(join(folder, "a.jpg"));
  const add = (...fields: (string | Buffer)[]) => producer.send("XADD", "camera", "*", ...fields);
  await add("image", Buffer.from("junk"));
  await add("image_data", jpeg.toString("base64"), "format", "jpeg", "width", "16", "height", "8");
  await add("image", jpeg.subarray(0, 40), "format", "jpeg");
  await add("image", jpeg);
  await add("image", Buffer.alloc(8 * 4, 77), "format", "raw", "width", "8", "height", "4", "channels", "1");
  await add("image", Buffer.alloc(3), "format", "raw", "width", "8", "height", "4");
  await add("image", Buffer.alloc(16 * 8 * 3, Buffer.from([50, 100, 200])), "format", "raw", "width", "16", "height", "8");
  const { info, events, next, picture } = await opened(t, { url, group: "g" });
  assert.deepEqual([info.width, info.height], [16, 8]);
  const near = (colour: readonly number[]): void => {
    const corners = [picture.subarray(0, 3), picture.subarray(-3)];
    assert.ok(
      corners.every((pixel) => pixel.every((value, i) => Math.abs(value - colour[i]!) <= 3)),
      `${corners} instead of ${colour}`,
    );
  };
  const indexes: number[] = [];
  for (const colour of [
    [200, 100, 50],
    [200, 100, 50],
    [77, 77, 77],
    [200, 100, 50],
  ]) {
    indexes.push((await next()).index);
    near(colour);
  }
  assert.deepEqual(indexes, [1, 3, 4, 6]);
  assert.equal(told(events, "dropped", "corrupt"), 3);
  assert.deepEqual(await producer.send("XPENDING", "camera", "g"), [0, null, null, null]);
});

test("a picture that was not handed out before the source was gone comes to the next one of that name", needs, async (t) => {
  const { url, producer } = await redisFor(t);
  await producer.add(2);
  const first = await opened(t, { url, group: "g", consumer: "c" });
  await first.source.close(); // it had read the first picture to know its size
  const second = await opened(t, { url, group: "g", consumer: "c" });
  assert.deepEqual([(await second.next()).number, (await second.next()).number], [1, 2]);
});

test("Redis may be killed and come back without its memory: reading goes on", needs, async (t) => {
  const { url, port, server, producer } = await redisFor(t);
  await producer.add(2);
  const { events, next } = await opened(t, { url, group: "g" });
  assert.equal((await next()).number, 1);
  assert.equal((await next()).number, 2);
  const waiting = next();
  await stop(server);
  await eventually(() => told(events, "down") === 1, "the word that Redis is down");
  await startRedis(t, { port });
  const again = await Producer.connect(t, url);
  await again.add(1);
  assert.deepEqual([(await waiting).index, told(events, "up"), told(events, "down")], [2, 2, 1]);
  assert.ok(told(events, "restart") >= 1);
  assert.ok(events.some((event) => event.kind === "redis" && event.error === "CONNECTION"));
  assert.equal(told(events, "dropped"), 0);
});

test("Redis may stand still: what it has comes afterwards, once", needs, async (t) => {
  const { url, server, producer } = await redisFor(t);
  await producer.add(2);
  const { events, next } = await opened(t, { url, group: "g", connectTimeout: "300ms" });
  assert.deepEqual([(await next()).number, (await next()).number], [1, 2]);
  const waiting = next();
  server.kill("SIGSTOP");
  await eventually(() => told(events, "down") === 1, "the word that Redis is down");
  server.kill("SIGCONT");
  await producer.add(2);
  assert.deepEqual(
    [await waiting, await next()],
    [
      { index: 2, timestampSeconds: 2, number: 3 },
      { index: 3, timestampSeconds: 3, number: 4 },
    ],
  );
  assert.equal(told(events, "dropped"), 0);
});

test("a Redis that is not there, does not answer, or wants another password is named without the password", needs, async (t) => {
  const open = (url: string) => opened(t, { url, connectTimeout: "300ms" });
  const closed = await freePort();
  await assert.rejects(
    open(`redis://:hidden@127.0.0.1:${closed}`),
    failsWith("SOURCE_LOST", new RegExp(`^(?!.*hidden)redis://127\\.0\\.0\\.1:${closed}/camera cannot be read: .*ECONNREFUSED`)),
  );
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  await once(silent, "listening");
  t.after(() => silent.close());
  await assert.rejects(open(`redis://127.0.0.1:${(silent.address() as { port: number }).port}`), failsWith("SOURCE_LOST", /within 0\.3 s/));
  const { port } = await redisFor(t, "right-one");
  await assert.rejects(open(`redis://:hidden@127.0.0.1:${port}`), failsWith("SOURCE_LOST", /^(?!.*hidden).*WRONGPASS/));
});

test("an empty stream is waited for, a key of another kind refused", needs, async (t) => {
  const { url, producer } = await redisFor(t);
  const opening = opened(t, { url });
  await producer.add(1);
  assert.equal((await (await opening).next()).number, 1);
  await assert.rejects(opened(t, { url, stream: "nothing", firstFrameTimeout: "200ms" }), failsWith("SOURCE_LOST", /no picture for 0\.2 s/));
  await producer.send("SET", "text", "x");
  for (const mode of ["latest", "group"] as const)
    await assert.rejects(opened(t, { url, stream: "text", mode }), failsWith("SOURCE_INVALID", /not a stream/));
});

test("close() ends a read that waits", needs, async (t) => {
  const { url, producer } = await redisFor(t);
  await producer.add(1);
  for (const mode of ["latest", "group"] as const) {
    const { source, next, picture } = await opened(t, { url, mode });
    await next();
    const waiting = source.read(picture);
    await source.close();
    assert.equal(await waiting, undefined);
  }
});

test("pictures come in the size and format asked for", needs, async (t) => {
  const { url, producer } = await redisFor(t);
  const folder = scratch(t);
  ffmpeg(...testPicture("64x48"), "-frames:v", "1", join(folder, "a.jpg"));
  await producer.send("XADD", "camera", "*", "image", readFileSync(join(folder, "a.jpg")));
  const { info, source, picture } = await opened(t, { url }, { width: 32, height: 24, pixelFormat: "gray8" });
  assert.deepEqual(info, { width: 32, height: 24, pixelFormat: "gray8" });
  assert.equal((await source.read(picture))?.index, 0);
  assert.ok(new Set(picture).size > 20, "there is no picture");
});
