// A service with metrics, which then gets host(): how much memory that adds.
import { get } from "node:http";
import { answer } from "../child.mjs";

const [{ Registry }, { host, process: own }, { serve }] = await Promise.all([
  import("../../packages/metrics/bundle/index.js"),
  import("../../packages/metrics/bundle/collectors/index.js"),
  import("../../packages/metrics/bundle/exporter/index.js"),
]);
const registry = new Registry();
registry.register(own());
const server = await serve({ port: 0, registry });
await scrapes(200);
const before = await used();
registry.register(host());
await scrapes(200);
answer({ mib: ((await used()) - before) / 2 ** 20 });

async function scrapes(count) {
  for (let k = 0; k < count; k++) {
    await new Promise((resolve, reject) => {
      get(`${server.url}/metrics`, { agent: false }, (response) => response.resume().on("end", resolve)).on("error", reject);
    });
  }
}

/** What is alive: heap, code and buffers, after garbage collection. */
async function used() {
  for (let k = 0; k < 4; k++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    globalThis.gc();
  }
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + Math.max(external, arrayBuffers);
}
