import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { after, before, describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { Registry } from "../core/registry.ts";
import { get } from "./http-client.test.fixture.ts";
import { type Handler, metricsHandler } from "./metrics-handler.ts";

function registry(series = 100): Registry {
  const metrics = new Registry();
  const frames = metrics.counter("frames_total", { help: "Frames.", labels: ["stream"], seriesLimit: series + 1 });
  for (let i = 0; i < series; i++) frames.inc({ stream: `stream-${i}` });
  return metrics;
}

describe("metricsHandler().node", () => {
  const servers: Server[] = [];
  after(() => {
    for (const server of servers) server.close();
  });

  async function serving(handler: Handler["node"]): Promise<string> {
    const server = createServer(handler);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  }

  it("answers with the metrics at whatever path it is put", async () => {
    const { node } = metricsHandler({ registry: registry() });
    const url = await serving(node);
    for (const path of ["/", "/metrics", "/x?name[]=frames_total"]) {
      const { status, headers, text } = await get(url + path);
      assert.deepEqual([status, headers["content-type"]], [200, "text/plain; version=0.0.4; charset=utf-8"]);
      assert.match(text, /^frames_total\{stream="stream-99"\} 1$/m);
    }
  });

  it("has JSON and health beside it", async () => {
    const metrics = metricsHandler({ registry: registry() });
    assert.equal(JSON.parse((await get(await serving(metrics.json.node))).text).frames_total.samples.length, 100);
    assert.equal(JSON.parse((await get(await serving(metrics.health.node))).text).status, "ok");
  });

  it("answers 405 to other methods", async () => {
    const url = await serving(metricsHandler({ registry: registry() }).node);
    assert.equal((await get(url, { method: "POST", body: "x" })).status, 405);
  });

  it("asks for the token", async () => {
    const url = await serving(metricsHandler({ registry: registry(), bearerToken: "s3cret" }).node);
    assert.equal((await get(url)).status, 401);
    assert.equal((await get(url, { headers: { authorization: "Bearer s3cret" } })).status, 200);
  });
});

describe("metricsHandler().fetch", () => {
  let metrics: ReturnType<typeof metricsHandler>;
  before(() => {
    metrics = metricsHandler({ registry: registry() });
  });

  it("answers a Request with a Response", async () => {
    const response = await metrics.fetch(new Request("http://service.example/metrics?name[]=frames_total"));
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    const text = await response.text();
    assert.equal(response.headers.get("content-length"), String(text.length));
    assert.match(text, /^frames_total\{stream="stream-0"\} 1$/m);
  });

  it("negotiates format and compression", async () => {
    const headers = { accept: "application/openmetrics-text", "accept-encoding": "gzip" };
    const response = await metrics.fetch(new Request("http://service.example/metrics", { headers }));
    assert.equal(response.headers.get("content-encoding"), "gzip");
    assert.match(gunzipSync(await response.arrayBuffer()).toString(), /# EOF\n$/);
  });

  it("answers HEAD without a body", async () => {
    const response = await metrics.fetch(new Request("http://service.example/metrics", { method: "HEAD" }));
    assert.deepEqual([response.status, response.body], [200, null]);
  });

  it("streams a large answer, and is done with it when the client leaves", async () => {
    const many = metricsHandler({ registry: registry(50_000), maxRequests: 1 });
    const request = (): Request => new Request("http://service.example/metrics");
    const response = await many.fetch(request());
    const reader = response.body!.getReader();
    assert.ok((await reader.read()).value!.byteLength <= 65536);
    assert.equal((await many.fetch(request())).status, 503);
    await reader.cancel();
    const again = await many.fetch(request());
    assert.equal(again.status, 200);
    assert.equal((await again.arrayBuffer()).byteLength, Number(again.headers.get("content-length")));
    assert.equal((await many.fetch(request())).status, 200);
  });

  it("ends an answer that is not read in time", async () => {
    const many = metricsHandler({ registry: registry(50_000), sendTimeout: "50ms", maxRequests: 1 });
    const request = new Request("http://service.example/metrics");
    const reader = (await many.fetch(request)).body!.getReader();
    await reader.read();
    await assert.rejects(async () => {
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        if ((await reader.read()).done) return;
      }
    }, /not read in time/);
    assert.equal((await many.fetch(request)).status, 200);
  });
});

describe("metricsHandler", () => {
  it("refuses what serve refuses", () => {
    assert.throws(() => metricsHandler({ timeout: "0s" }), { code: "OPTION_INVALID" });
    assert.throws(() => metricsHandler({ registry: {} as Registry }), { code: "OPTION_INVALID" });
  });
});
