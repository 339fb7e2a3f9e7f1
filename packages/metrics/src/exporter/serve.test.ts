import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import { after, before, describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import type { Collector } from "../core/collector.ts";
import { Registry } from "../core/registry.ts";
import type { Collectable } from "./collectable.ts";
import { get, raw } from "./http-client.test.fixture.ts";
import { type Exporter, type ServeOptions, serve } from "./serve.ts";

const PROTOBUF = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

function registry(): Registry {
  const metrics = new Registry();
  const frames = metrics.counter("frames_total", { help: "Frames.", labels: ["model"] });
  for (let i = 0; i < 100; i++) frames.inc({ model: `model-${i}` });
  metrics.histogram("latency_seconds", { help: "Latency.", unit: "seconds", buckets: [0.1, 1] }).observe(0.5);
  return metrics;
}

describe("serve", () => {
  let server: Exporter;
  const metrics = registry();
  before(async () => {
    server = await serve({ port: 0, registry: metrics });
  });
  after(() => server.close());

  it("says where it listens", () => {
    assert.ok(server.port > 0);
    assert.equal(server.url, `http://127.0.0.1:${server.port}`);
  });

  it("answers /metrics with Prometheus' text to who does not say otherwise", async () => {
    const { status, headers, text } = await get(`${server.url}/metrics`);
    assert.equal(status, 200);
    assert.equal(headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    assert.equal(headers["content-length"], String(Buffer.byteLength(text)));
    assert.equal(headers.vary, "Accept, Accept-Encoding");
    assert.equal(headers["cache-control"], "no-store");
    assert.equal(headers["content-encoding"], undefined);
    assert.match(text, /^frames_total\{model="model-7"\} 1$/m);
    assert.match(text, /^latency_seconds_bucket\{le="1"\} 1$/m);
  });

  it("answers with OpenMetrics, of the version asked for", async () => {
    for (const version of ["1.0.0", "0.0.1"]) {
      const { headers, text } = await get(`${server.url}/metrics`, { headers: { accept: `application/openmetrics-text;version=${version}` } });
      assert.equal(headers["content-type"], `application/openmetrics-text; version=${version}; charset=utf-8`);
      assert.ok(text.endsWith("# EOF\n"));
    }
  });

  it("answers with protobuf", async () => {
    const { headers, body } = await get(`${server.url}/metrics`, { headers: { accept: PROTOBUF } });
    assert.equal(headers["content-type"]?.replaceAll(" ", ""), PROTOBUF);
    // A delimited message: its length, then field 1 (the name), 12 bytes long.
    assert.ok(body.includes("\n\x0cframes_total", 0, "latin1"));
  });

  it("answers with the same text whether it is patched or composed", async () => {
    const patched = await get(`${server.url}/metrics`);
    const composed = await get(`${server.url}/metrics?name[]=frames_total&name[]=latency_seconds`);
    const lines = (text: string): string[] => text.split("\n").filter((line) => /frames|latency_seconds/.test(line) && !/inferometer/.test(line));
    assert.deepEqual(lines(patched.text), lines(composed.text));
    assert.equal(lines(patched.text).length, 109);
  });

  it("compresses for who accepts gzip", async () => {
    const { headers, body } = await get(`${server.url}/metrics`, { headers: { "accept-encoding": "gzip" } });
    assert.equal(headers["content-encoding"], "gzip");
    assert.equal(headers["content-length"], String(body.byteLength));
    assert.match(gunzipSync(body).toString(), /^frames_total\{model="model-99"\} 1$/m);
  });

  it("does not compress what is small", async () => {
    const { headers, text } = await get(`${server.url}/metrics?name[]=latency_seconds`, { headers: { "accept-encoding": "gzip" } });
    assert.equal(headers["content-encoding"], undefined);
    assert.match(text, /^latency_seconds_sum 0.5$/m);
  });

  it("answers /metrics.json whatever is accepted", async () => {
    const { headers, text } = await get(`${server.url}/metrics.json`, { headers: { accept: "text/plain" } });
    assert.equal(headers["content-type"], "application/json");
    assert.equal(headers.vary, "Accept-Encoding");
    assert.equal(JSON.parse(text).frames_total.samples.length, 100);
  });

  it("answers with only the metrics that name[] asks for", async () => {
    const { text } = await get(`${server.url}/metrics?name[]=latency_seconds_bucket&name%5B%5D=nothing`);
    const names = new Set([...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name));
    assert.deepEqual(names, new Set(["latency_seconds"]));
    assert.equal((await get(`${server.url}/metrics?name[]=nothing`)).text, "");
  });

  it("answers HEAD with the headers and no collection", async () => {
    let collections = 0;
    const counting: Collectable = {
      collect: (options) => {
        collections++;
        return metrics.collect(options);
      },
      collectorStates: () => [],
    };
    const quiet = await serve({ port: 0, registry: counting });
    const { status, headers, body } = await get(`${quiet.url}/metrics`, { method: "HEAD" });
    assert.deepEqual([status, headers["content-type"], body.byteLength, collections], [200, "text/plain; version=0.0.4; charset=utf-8", 0, 0]);
    await quiet.close();
    for (const path of ["/", "/health", "/nothing"]) {
      const [head, full] = [await get(server.url + path, { method: "HEAD" }), await get(server.url + path)];
      assert.deepEqual([head.status, head.headers["content-type"], head.body.byteLength], [full.status, full.headers["content-type"], 0]);
    }
  });

  it("shows a page with links at /, which loads nothing from elsewhere", async () => {
    const { status, headers, text } = await get(server.url);
    assert.equal(status, 200);
    assert.equal(headers["content-type"], "text/html; charset=utf-8");
    assert.match(headers["content-security-policy"] as string, /^default-src 'none'; style-src 'sha256-[\w+/]+=';/);
    for (const link of ["/metrics", "/metrics.json", "/health"]) assert.ok(text.includes(`href="${link}"`), link);
    assert.ok(text.includes(`["127.0.0.1:${server.port}"]`));
    assert.doesNotMatch(text, /<script|https?:\/\//);
  });

  it("repeats no hostile Host header in the page", async () => {
    const { text } = await get(server.url, { headers: { host: '"><script>alert(1)</script>' } });
    assert.doesNotMatch(text, /script/);
  });

  it("answers 404 to other paths and 405 to other methods", async () => {
    for (const path of ["/metric", "/metrics/", "/Metrics", "/health/x", "//metrics", "/../metrics", "/metrics%00", "/__proto__"]) {
      const { status, text } = await get(server.url, { path });
      assert.deepEqual([status, text], [404, "Not found\n"], path);
    }
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"]) {
      const { status, headers, text } = await get(`${server.url}/metrics`, { method, ...(method === "POST" ? { body: "x".repeat(100_000) } : {}) });
      assert.deepEqual([status, headers.allow, headers.connection, text], [405, "GET, HEAD", "close", "Method not allowed\n"], method);
    }
  });

  it("understands a whole URL as request target, as proxies send it", async () => {
    const answer = await raw(server.port, "GET http://metrics.example/health?x=1 HTTP/1.1\r\nHost: metrics.example\r\nConnection: close\r\n\r\n");
    assert.match(answer, /^HTTP\/1\.1 200 OK.*"status":"ok"/s);
  });

  it("answers what is no HTTP with a constant text, and closes", async () => {
    for (const [sent, status] of [
      ["\x16\x03\x01\x02\x00\x01\x00", 400],
      ["GET\r\n\r\n", 400],
      [`GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${"x".repeat(9000)}\r\n\r\n`, 431],
      ["GET / HTTP/1.1\r\n\r\n", 400],
      ["GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400],
    ] as const) {
      const answer = await raw(server.port, sent);
      assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), JSON.stringify(sent.slice(0, 20)));
      assert.doesNotMatch(answer, /at |node:|Error/);
    }
  });

  it("keeps a connection for two minutes, longer than scrapes are apart", async () => {
    const { headers } = await get(`${server.url}/health`, { headers: { connection: "keep-alive" } });
    assert.equal(headers["keep-alive"], "timeout=120");
  });

  it("counts itself", async () => {
    const own = await serve({ port: 0, registry: new Registry() });
    for (const headers of [{}, { accept: PROTOBUF }, {}]) await get(`${own.url}/metrics`, { headers });
    const { text } = await get(`${own.url}/metrics`);
    assert.match(text, /^inferometer_scrapes_total\{format="prometheus-text",status="success"\} 2$/m);
    assert.match(text, /^inferometer_scrapes_total\{format="prometheus-protobuf",status="success"\} 1$/m);
    assert.match(text, /^inferometer_scrape_duration_seconds_count 3$/m);
    assert.match(text, /^inferometer_scrape_errors_total\{reason="collection"\} 0$/m);
    await own.close();
  });

  it("leaves the registry alone when asked to", async () => {
    const empty = new Registry();
    await using own = await serve({ port: 0, registry: empty, selfMetrics: false });
    await get(`${own.url}/metrics`);
    assert.equal(empty.snapshot().families.length, 0);
  });

  it("serves at another path, and under another name for JSON then", async () => {
    await using own = await serve({ port: 0, registry: metrics, path: "/internal/stats" });
    assert.equal((await get(`${own.url}/internal/stats`)).status, 200);
    assert.equal((await get(`${own.url}/internal/stats.json`)).headers["content-type"], "application/json");
    assert.equal((await get(`${own.url}/metrics`)).status, 404);
    assert.match((await get(own.url)).text, /href="\/internal\/stats.json"/);
  });
});

describe("serve, when things fail", () => {
  const collector = (name: string, over: Partial<Collector>): Collector => ({ name, register() {}, collect() {}, ...over });
  const broken = (): never => {
    throw new Error("no driver\n    at secret (/srv/app.js:1:1)");
  };

  async function health(...collectors: Collector[]): Promise<{ status: number; body: { status: string; collectors: Record<string, unknown>[] } }> {
    const metrics = new Registry();
    metrics.register(...collectors);
    await using server = await serve({ port: 0, registry: metrics });
    const { status, text } = await get(`${server.url}/health`);
    return { status, body: JSON.parse(text) };
  }

  it("is healthy while all collectors work", async () => {
    const { status, body } = await health(collector("a", {}), collector("b", { required: true }));
    assert.deepEqual([status, body.status], [200, "ok"]);
    assert.deepEqual(
      body.collectors.map(({ name, required, ok }) => [name, required, ok]),
      [
        ["a", false, true],
        ["b", true, true],
      ],
    );
  });

  it("is degraded, and still 200, when a collector fails", async () => {
    const { status, body } = await health(collector("gpu", { collect: broken }));
    assert.deepEqual([status, body.status, body.collectors[0]?.error], [200, "degraded", "no driver"]);
  });

  it("is failing, and 503, when a required one fails", async () => {
    const { status, body } = await health(collector("db", { collect: broken, required: true }), collector("a", {}));
    assert.deepEqual([status, body.status], [503, "failing"]);
  });

  it("is failing when nothing can be collected at all", async () => {
    const errors: Error[] = [];
    await using server = await serve({
      port: 0,
      registry: { collect: async () => broken(), collectorStates: () => [] },
      onError: (error) => errors.push(error),
    });
    const { status, text } = await get(`${server.url}/health`);
    assert.deepEqual([status, JSON.parse(text).status, errors.length], [503, "failing", 1]);
  });

  it("answers 500 with a constant text, and tells onError why", async () => {
    const errors: Error[] = [];
    const options: ServeOptions = {
      port: 0,
      registry: { collect: async () => broken(), collectorStates: () => [] },
      onError: (error) => errors.push(error),
    };
    await using server = await serve(options);
    const { status, text } = await get(`${server.url}/metrics`);
    assert.deepEqual([status, text], [500, "The metrics could not be collected\n"]);
    assert.match(errors[0]?.message ?? "", /no driver/);
    assert.equal((await get(server.url)).status, 200);
  });

  it("answers all the same when onError itself fails", async () => {
    await using server = await serve({ port: 0, registry: { collect: async () => broken(), collectorStates: () => [] }, onError: broken });
    assert.equal((await get(`${server.url}/metrics`)).status, 500);
    assert.equal((await get(`${server.url}/health`)).status, 503);
  });

  it("answers in time with what is ready when a collector is slow", async () => {
    const metrics = registry();
    metrics.register(
      collector("slow", {
        collect: ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted")))),
      }),
    );
    await using server = await serve({ port: 0, registry: metrics });
    const start = performance.now();
    const { status, text } = await get(`${server.url}/metrics`, { headers: { "x-prometheus-scrape-timeout-seconds": "0.5" } });
    assert.ok(performance.now() - start < 2000);
    assert.equal(status, 200);
    assert.match(text, /^scrape_collector_success\{collector="slow"\} 0$/m);
    assert.match(text, /^frames_total\{model="model-0"\} 1$/m);
    assert.match((await get(`${server.url}/metrics`, { headers: { "x-prometheus-scrape-timeout-seconds": "0.1" } })).text, /status="partial"\} 1$/m);
  });

  it("answers 503 when the collection does not end although it was told to", async () => {
    await using server = await serve({
      port: 0,
      registry: { collect: () => new Promise(() => {}), collectorStates: () => [] },
      timeout: "10ms",
      onError() {},
    });
    const { status, headers, text } = await get(`${server.url}/metrics`);
    assert.deepEqual([status, headers["retry-after"], text], [503, "1", "The metrics could not be collected in time\n"]);
  });
});

describe("serve, before it listens", () => {
  let other: Server;
  before(async () => {
    other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
  });
  after(() => other.close());

  it("says which port is taken and what to do", async () => {
    const { port } = other.address() as { port: number };
    await assert.rejects(serve({ port, registry: new Registry() }), (error: Error & { code?: string }) => {
      assert.equal(error.code, "PORT_IN_USE");
      for (const part of [`port ${port} of 127.0.0.1`, "port: 0", `ss -ltnp 'sport = :${port}'`]) assert.ok(error.message.includes(part), part);
      return true;
    });
  });

  it("says that an address is not this machine's", async () => {
    await assert.rejects(serve({ port: 0, host: "203.0.113.7", registry: new Registry() }), {
      code: "LISTEN_FAILED",
      message: /203\.0\.113\.7.*no address of this machine/,
    });
  });

  const refused: [what: string, options: unknown, message: RegExp][] = [
    ["a port that is none", { port: 70_000 }, /port is 70000/],
    ["a port as text", { port: "9090" }, /port is "9090"/],
    ["a path that is taken", { path: "/health" }, /path is "\/health"/],
    ["a path with a query", { path: "/metrics?x" }, /path/],
    ["an empty host", { host: "" }, /host is ""/],
    ["a bare number as duration", { timeout: 10 }, /10 is not a duration/],
    ["no time at all", { timeout: "0s" }, /timeout is "0s"/],
    ["more time than a timer can count", { sendTimeout: "25d" }, /sendTimeout is "25d"/],
    ["no requests at all", { maxRequests: 0 }, /maxRequests is 0/],
    ["half a connection", { maxConnections: 0.5 }, /maxConnections is 0.5/],
    ["an empty token", { bearerToken: "" }, /bearerToken is empty/],
    ["a token's file that is not there", { bearerToken: { file: "/nonexistent/token" } }, /cannot be read/],
    ["something that is no registry", { registry: {} }, /registry is an object/],
    ["an empty web config", { webConfig: "" }, /webConfig is ""/],
    ["a web config that is not there", { webConfig: "/nonexistent/web.yml" }, /web\.yml" cannot be read/],
  ];
  for (const [what, options, message] of refused) {
    it(`refuses ${what}`, () => assert.rejects(serve({ port: 0, registry: new Registry(), ...(options as ServeOptions) }), { message }));
  }
});

describe("a bearer token", () => {
  it("lets in who shows it, to all resources", async () => {
    await using server = await serve({ port: 0, registry: registry(), bearerToken: "s3cret" });
    for (const path of ["/", "/metrics", "/metrics.json", "/health", "/nothing"]) {
      const { status, headers, text } = await get(server.url + path);
      assert.deepEqual([status, headers["www-authenticate"], text], [401, 'Bearer realm="metrics"', "Unauthorized\n"], path);
    }
    assert.equal((await get(`${server.url}/metrics`, { headers: { authorization: "Bearer s3cret" } })).status, 200);
    assert.equal((await get(`${server.url}/metrics`, { headers: { authorization: "Bearer wrong" } })).status, 401);
    const { text } = await get(`${server.url}/metrics`, { headers: { authorization: "Bearer s3cret" } });
    assert.match(text, /^inferometer_scrape_errors_total\{reason="unauthorized"\} 6$/m);
  });
});
