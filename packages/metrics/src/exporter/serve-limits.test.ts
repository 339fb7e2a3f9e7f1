import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { Agent } from "node:http";
import { connect, type Socket } from "node:net";
import { describe, it } from "node:test";
import type { Collected } from "../core/collection.ts";
import { Registry } from "../core/registry.ts";
import type { Collectable, CollectOptions } from "./collectable.ts";
import { type Got, get, raw, until, withResolvers } from "./http-client.test.fixture.ts";
import { serve } from "./serve.ts";

/** So many series that an answer does not fit into a socket's buffers (4 MiB here and there). */
function large(): Registry {
  const metrics = new Registry();
  const frames = metrics.counter("frames_total", { help: "Frames.", labels: ["stream"], seriesLimit: 100_000 });
  const filler = "x".repeat(1000);
  for (let i = 0; i < 12_000; i++) frames.inc({ stream: `${i}${filler}` });
  return metrics;
}

/** A registry that counts collections, and holds them back while it is told to. */
class CountingRegistry implements Collectable {
  collections = 0;
  gate: Promise<void> | undefined;
  readonly #metrics: Registry;

  constructor(metrics: Registry) {
    this.#metrics = metrics;
  }

  async collect(options: CollectOptions = {}): Promise<Collected> {
    this.collections++;
    await this.gate;
    return this.#metrics.collect(options);
  }

  collectorStates(): Collected["collectors"] {
    return [];
  }
}

/** Asks, and when the answer begins reads nothing of it. */
async function askAndStall(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {}); // it will be cut off
  socket.write("GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  // Someone who waits for "readable" gets a buffer full and then nothing until it is read.
  await new Promise((resolve) => socket.once("readable", resolve));
  return socket;
}

/** Reads on to the end. */
async function readRest(socket: Socket): Promise<string> {
  const parts: string[] = [];
  socket.setEncoding("latin1");
  socket.on("data", (part: string) => parts.push(part));
  await new Promise((resolve) => socket.once("close", resolve));
  return parts.join("");
}

/** Scrapes again and again over one connection; returns the statuses. Plain sockets: 10 000 requests of node:http's client would be the test's main cost. */
function scrapeRepeatedly(port: number, times: number): Promise<number[]> {
  const { promise, resolve } = withResolvers<number[]>();
  const socket = connect(port, "127.0.0.1");
  const statuses: number[] = [];
  let left = 0;
  const ask = (): void => {
    if (statuses.length === times) socket.destroy();
    else socket.write("GET /metrics HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
  };
  socket.on("data", (chunk: Buffer) => {
    if (left === 0) {
      const end = chunk.indexOf("\r\n\r\n") + 4;
      const head = chunk.toString("latin1", 0, end);
      statuses.push(Number(head.slice(9, 12)));
      left = Number(/content-length: (\d+)/i.exec(head)?.[1]) + end;
    }
    left -= chunk.byteLength;
    if (left === 0) ask();
  });
  socket.once("connect", ask);
  socket.once("close", () => resolve(statuses));
  return promise;
}

async function metric(url: string, line: RegExp): Promise<number> {
  const { text } = await get(`${url}/metrics?name[]=inferometer_scrape_errors_total`);
  return Number(line.exec(text)?.[1] ?? Number.NaN);
}

describe("serve, with many clients", () => {
  it("shares collections among 10 000 scrapes over 200 connections, in bounded memory", async () => {
    const metrics = new Registry();
    const frames = metrics.counter("frames_total", { help: "Frames.", labels: ["stream"] });
    for (let i = 0; i < 1000; i++) frames.inc({ stream: String(i) });
    const registry = new CountingRegistry(metrics);
    await using server = await serve({ port: 0, registry });
    const before = process.memoryUsage().rss;
    const statuses = (await Promise.all(Array.from({ length: 200 }, () => scrapeRepeatedly(server.port, 50)))).flat();
    assert.equal(statuses.length, 10_000);
    assert.deepEqual(new Set(statuses), new Set([200]));
    assert.ok(registry.collections < 1000, `${registry.collections} collections for 10 000 scrapes`);
    const grown = process.memoryUsage().rss - before;
    assert.ok(grown < 200 * 1024 * 1024, `${grown} bytes more`);
  });

  it("answers 503 at once beyond maxRequests, and again as soon as there is room", async () => {
    const registry = new CountingRegistry(new Registry());
    let open = (): void => {};
    registry.gate = new Promise((resolve) => {
      open = resolve;
    });
    await using server = await serve({ port: 0, registry, maxRequests: 3 });
    const waiting = [1, 2, 3].map(() => get(`${server.url}/metrics`));
    await until("the collection to begin", () => registry.collections === 1);
    let turnedAway: Got | undefined;
    await until("a request to be turned away", async () => {
      turnedAway = await Promise.race([get(`${server.url}/metrics`), new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 100))]);
      return turnedAway?.status === 503;
    });
    assert.equal(turnedAway?.headers["retry-after"], "1");
    open();
    assert.deepEqual(new Set((await Promise.all(waiting)).map(({ status }) => status)), new Set([200]));
    assert.equal((await get(`${server.url}/metrics`)).status, 200);
  });

  it("answers requests that a client sends ahead, in order", async () => {
    await using server = await serve({ port: 0, registry: new Registry() });
    const ahead = ["/health", "/nothing", "/metrics.json", "/metrics"].map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join("");
    const answers = await raw(server.port, `${ahead}GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    const statuses = [...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    assert.deepEqual(statuses, ["200", "404", "200", "200", "200"]);
  });

  it("forgets the requests that a client sent ahead when it leaves", async (t) => {
    const warned = t.mock.method(process, "emitWarning");
    const registry = new CountingRegistry(new Registry());
    let open = (): void => {};
    registry.gate = new Promise((resolve) => {
      open = resolve;
    });
    await using server = await serve({ port: 0, registry, maxRequests: 20 });
    const socket = connect(server.port, "127.0.0.1");
    socket.write("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n".repeat(100));
    await until("the collection to begin", () => registry.collections === 1);
    socket.destroy();
    open();
    await until("room for others", async () => (await get(`${server.url}/metrics`)).status === 200);
    assert.equal(warned.mock.callCount(), 0);
  });

  it("closes idle connections for new ones rather than locking the scraper out", async () => {
    await using server = await serve({ port: 0, registry: new Registry(), maxConnections: 10 });
    const agents: Agent[] = [];
    for (let i = 0; i < 30; i++) {
      const agent = new Agent({ keepAlive: true });
      agents.push(agent);
      assert.equal((await get(`${server.url}/health`, { agent })).status, 200);
    }
    for (const agent of agents) agent.destroy();
  });

  it("lets a new client in where silent ones have taken all places", async () => {
    await using server = await serve({ port: 0, registry: new Registry(), maxConnections: 5 });
    const silent: Socket[] = [];
    for (let i = 0; i < 20; i++) {
      const socket = connect(server.port, "127.0.0.1");
      socket.on("error", () => {}); // it will lose its place
      await new Promise((resolve) => socket.once("connect", resolve));
      silent.push(socket);
      assert.equal((await get(`${server.url}/health`)).status, 200);
    }
    for (const socket of silent) socket.destroy();
  });

  it("drops connections beyond maxConnections while all are being answered, and counts them", async () => {
    await using server = await serve({ port: 0, registry: large(), maxConnections: 2 });
    const slow = [await askAndStall(server.port), await askAndStall(server.port)];
    assert.equal(await raw(server.port, "GET / HTTP/1.0\r\n\r\n"), "");
    for (const socket of slow) socket.destroy();
    await until("the drop to be counted", async () => {
      const count = await metric(server.url, /reason="overload"\} (\d+)/).catch(() => 0);
      return count >= 1;
    });
  });
});

describe("serve, with 100 000 series", () => {
  it("leaves the event loop to others while it writes", async () => {
    const metrics = new Registry();
    const frames = metrics.counter("frames_total", { help: "Frames.", labels: ["stream"], seriesLimit: 100_001 });
    for (let i = 0; i < 100_000; i++) frames.inc({ stream: String(i) });
    await using server = await serve({ port: 0, registry: metrics });
    for (const accept of ["text/plain", "application/openmetrics-text", "application/vnd.google.protobuf"]) {
      // In wall time a busy machine stalls us, too: so the best of three, and what counts on a slow one is the share of the whole.
      const attempts: string[] = [];
      let isSmooth = false;
      for (let attempt = 0; attempt < 3 && !isSmooth; attempt++) {
        let [longest, isRunning, last] = [0, true, performance.now()];
        const tick = (): void => {
          const now = performance.now();
          longest = Math.max(longest, now - last);
          last = now;
          if (isRunning) setImmediate(tick);
        };
        const start = performance.now();
        tick();
        // Another process reads, so that reading is not taken for serving.
        const { promise, resolve } = withResolvers<void>();
        const curl = `await (await fetch(${JSON.stringify(`${server.url}/metrics`)}, { headers: { accept: "${accept}" } })).arrayBuffer()`;
        execFile(process.execPath, ["--input-type=module", "-e", curl], () => resolve());
        await promise;
        isRunning = false;
        const total = performance.now() - start;
        isSmooth = longest < Math.max(10, total / 5);
        attempts.push(`${longest.toFixed(1)} of ${total.toFixed(0)} ms`);
      }
      assert.ok(isSmooth, `${accept}: longest stall ${attempts.join(", ")}`);
    }
  });
});

describe("serve, with slow clients", () => {
  it("cuts off a client that does not read its answer, and counts it", async () => {
    await using server = await serve({ port: 0, registry: large(), sendTimeout: "300ms" });
    const socket = await askAndStall(server.port);
    await until("the client to be cut off", async () => (await metric(server.url, /reason="slow_client"\} (\d+)/)) === 1);
    assert.ok((await readRest(socket)).length < 12_000_000);
  });

  it("cuts off a client that reads a little now and then", async () => {
    await using server = await serve({ port: 0, registry: large(), sendTimeout: "500ms" });
    const socket = await askAndStall(server.port);
    const trickle = setInterval(() => socket.read(10), 20);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    await until("the client to be cut off", async () => (await metric(server.url, /reason="slow_client"\} (\d+)/)) === 1);
    clearInterval(trickle);
    socket.resume();
    await closed;
  });

  it("answers others while a client is slow, and the slow one gets what was true when it asked", async () => {
    const metrics = large();
    const mark = metrics.gauge("mark", { help: "A mark." });
    mark.set(1);
    await using server = await serve({ port: 0, registry: metrics, sendTimeout: "20s" });
    const socket = await askAndStall(server.port);
    for (let i = 2; i < 5; i++) {
      mark.set(i);
      const { text } = await get(`${server.url}/metrics`);
      assert.match(text, new RegExp(`^mark ${i}$`, "m"));
    }
    const text = await readRest(socket);
    assert.match(text, /^mark 1$/m);
    assert.match(text, /^frames_total\{stream="11999x+"\} 1$/m);
  });

  it("cuts off a request that trickles in", async () => {
    await using server = await serve({ port: 0, registry: new Registry() });
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => {}); // it is cut off while it writes
    socket.write("GET /metrics HTTP/1.1\r\n");
    const start = performance.now();
    const trickle = setInterval(() => socket.write("X-Slow: 1\r\n"), 200);
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk;
    });
    await new Promise((resolve) => socket.once("close", resolve));
    clearInterval(trickle);
    assert.match(answer, /^HTTP\/1\.1 408 /);
    const seconds = (performance.now() - start) / 1000;
    assert.ok(seconds > 4 && seconds < 14, `${seconds} s`);
  });
});

describe("close", () => {
  it("ends idle connections at once", async () => {
    const server = await serve({ port: 0, registry: new Registry() });
    const agent = new Agent({ keepAlive: true });
    await get(`${server.url}/health`, { agent });
    const silent = connect(server.port, "127.0.0.1");
    silent.on("error", () => {}); // a reset is an end, too
    await new Promise((resolve) => silent.once("connect", resolve));
    const start = performance.now();
    await server.close();
    assert.ok(performance.now() - start < 1000);
    agent.destroy();
    await assert.rejects(get(`${server.url}/health`), { code: "ECONNREFUSED" });
  });

  it("lets a running answer finish, and tells its client that the connection ends", async () => {
    const registry = new CountingRegistry(large());
    let open = (): void => {};
    registry.gate = new Promise((resolve) => {
      open = resolve;
    });
    const server = await serve({ port: 0, registry });
    const agent = new Agent({ keepAlive: true });
    const running = get(`${server.url}/metrics`, { agent });
    await until("the collection to begin", () => registry.collections === 1);
    const closed = server.close();
    open();
    const { status, headers, body } = await running;
    assert.deepEqual([status, headers.connection], [200, "close"]);
    assert.equal(String(body.byteLength), headers["content-length"]);
    await closed;
    agent.destroy();
  });

  it("does not wait for a slow client beyond closeTimeout", async () => {
    const server = await serve({ port: 0, registry: large(), closeTimeout: "200ms" });
    const socket = await askAndStall(server.port);
    const start = performance.now();
    await server.close();
    const took = performance.now() - start;
    assert.ok(took > 150 && took < 3000, `${took} ms`);
    socket.destroy();
  });

  it("can be called twice, and by await using", async () => {
    let url: string;
    {
      await using server = await serve({ port: 0, registry: new Registry() });
      url = server.url;
      await Promise.all([server.close(), server.close()]);
    }
    await assert.rejects(get(url), { code: "ECONNREFUSED" });
  });
});
