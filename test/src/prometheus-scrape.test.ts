// A real Prometheus scrapes a service in each of our formats, and its answers to queries are held against what the service counted.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { Registry } from "@inferometer/metrics";
import { metricsHandler, serve } from "@inferometer/metrics/exporter";
import { unlessMissing, whereIs } from "../../tools/programs.mjs";
import { type Scraping, scraping } from "./scraping-prometheus.ts";

const prometheus = whereIs("prometheus");
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const HOSTILE = 'a "quoted"\\ line\nbreak';

/** Latencies of 1 to 1000 ms, an exemplar, hostile labels, every type. */
function service(): Registry {
  const registry = new Registry({ namespace: "vision" });
  const frames = registry.counter("frames_processed_total", { help: "Frames processed.", labels: ["model", "status"] });
  frames.inc({ model: "owlv2", status: "success" }, 990);
  frames.inc({ model: "owlv2", status: "error" }, 10, { exemplar: { trace_id: TRACE } });
  frames.inc({ model: HOSTILE, status: "success" }, 7);
  const latency = registry.histogram("detection_latency_seconds", { help: "Time to detect.", labels: ["stage"], buckets: [0.1, 0.25, 0.5, 1] });
  const native = registry.histogram("inference_seconds", { help: "Time to infer.", native: {} });
  const response = registry.summary("response_time_seconds", { help: "Time to answer." });
  for (let ms = 1; ms <= 1000; ms++) {
    latency.observe({ stage: "total" }, ms / 1000, ms === 700 ? { exemplar: { trace_id: TRACE } } : undefined);
    native.observe(ms / 1000);
    response.observe(ms / 1000);
  }
  registry.gauge("active_tracks", { help: "Tracks alive." }).set(15);
  registry.stateSet("source_state", { help: "State of the source.", states: ["up", "down"] }).set("up");
  registry.info("application_info", { help: "What runs.", labels: ["version"] }).set({ version: "1.0" });
  return registry;
}

async function holdsCounts({ value, query }: Scraping): Promise<void> {
  assert.equal(await value('vision_frames_processed_total{model="owlv2",status="success"}'), 990);
  assert.equal(await value('vision_frames_processed_total{model="owlv2",status="error"}'), 10);
  const hostile = (await query("vision_frames_processed_total == 7"))[0];
  assert.equal(hostile?.metric["model"], HOSTILE);
  assert.equal(await value('vision_detection_latency_seconds_count{stage="total"}'), 1000);
  assert.ok(Math.abs((await value("vision_detection_latency_seconds_sum")) - 500.5) < 1e-6);
  assert.equal(await value('vision_detection_latency_seconds_bucket{le=~"0.25"}'), 250);
  assert.ok(Math.abs((await value("histogram_quantile(0.95, vision_detection_latency_seconds_bucket)")) - 0.95) < 1e-9);
  const p99 = await value('vision_response_time_seconds{quantile="0.99"}');
  assert.ok(Math.abs(p99 - 0.99) / 0.99 < 0.01, `p99 is ${p99}`);
  assert.equal(await value("vision_active_tracks"), 15);
  assert.equal(await value('vision_source_state{vision_source_state="up"}'), 1);
  assert.equal(await value('vision_application_info{version="1.0"}'), 1);
  assert.equal((await value("scrape_samples_scraped > 0")) > 20, true);
}

async function holdsExemplar({ get }: Scraping): Promise<void> {
  type Exemplars = {
    readonly data: readonly { readonly exemplars: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: string }[] }[];
  };
  const range = `start=${Date.now() / 1000 - 600}&end=${Date.now() / 1000 + 600}`;
  const { data } = await get<Exemplars>(`query_exemplars?query=vision_detection_latency_seconds_bucket&${range}`);
  assert.deepEqual(data[0]?.exemplars[0]?.labels, { trace_id: TRACE });
  assert.equal(Number(data[0]?.exemplars[0]?.value), 0.7);
}

describe("a real Prometheus", { concurrency: true, ...unlessMissing("prometheus") }, () => {
  it("reads counts, quantiles, native histograms and exemplars over protobuf", async () => {
    await using server = await serve({ port: 0, registry: service() });
    await using scraped = await scraping(`127.0.0.1:${server.port}`, { prometheus, features: ["native-histograms", "exemplar-storage"] });
    await scraped.untilUp();
    await holdsCounts(scraped);
    await holdsExemplar(scraped);
    const p95 = await scraped.value("histogram_quantile(0.95, vision_inference_seconds)");
    assert.ok(Math.abs(p95 - 0.95) / 0.95 < 0.02, `p95 is ${p95}`);
    assert.equal(await scraped.value("histogram_count(vision_inference_seconds)"), 1000);
    const formats = await (await fetch(`${server.url}/metrics`)).text();
    assert.match(formats, /inferometer_scrapes_total\{format="prometheus-protobuf",status="success"\} [1-9]/);
  });

  it("reads counts, quantiles and exemplars over OpenMetrics, from the exporter's own thread", async () => {
    await using server = await serve({ port: 0, registry: service(), worker: true, channel: "prometheus-scrape" });
    await using scraped = await scraping(`127.0.0.1:${server.port}`, { prometheus, features: ["exemplar-storage"] });
    await scraped.untilUp();
    await holdsCounts(scraped);
    await holdsExemplar(scraped);
    const formats = await (await fetch(`${server.url}/metrics`)).text();
    assert.match(formats, /inferometer_scrapes_total\{format="openmetrics",status="success"\} [1-9]/);
  });

  it("reads counts and quantiles over text", async () => {
    const handler = metricsHandler({ registry: service() });
    const server = createServer((request, response) => {
      request.headers.accept = "text/plain"; // this Prometheus would rather have OpenMetrics
      handler.node(request, response);
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    try {
      await using scraped = await scraping(`127.0.0.1:${(server.address() as AddressInfo).port}`, { prometheus, features: ["exemplar-storage"] });
      await scraped.untilUp();
      await holdsCounts(scraped);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
