// prom-client and @prometheus-io/client; `client` is either's module.
import { createServer } from "node:http";
import { FAMILIES, familyName, modelNames, streamNames } from "../data.mjs";

/**
 * `series` counters in ten families. `add(k, by)` adds to counter number `k`; `body()` resolves to the bytes of a scrape's answer, as chunks;
 * `listen()` serves it over HTTP, as the library's own documents say, and resolves to the port.
 */
export async function service(series, client) {
  const registry = new client.Registry();
  const streams = streamNames(series / FAMILIES);
  const counters = Array.from(
    { length: FAMILIES },
    (_, k) => new client.Counter({ name: familyName(k), help: "Frames seen.", labelNames: ["model", "stream"], registers: [registry] }),
  );
  return {
    add(k, by) {
      counters[k % FAMILIES].inc({ model: modelNames[((k / FAMILIES) | 0) % 10], stream: streams[(k / (FAMILIES * 10)) | 0] }, by);
    },
    body: async () => [Buffer.from(await registry.metrics())],
    listen: () => listening(async () => ({ type: registry.contentType, text: await registry.metrics() })),
  };
}

function listening(metrics) {
  const server = createServer(async (_, response) => {
    const { type, text } = await metrics();
    response.setHeader("content-type", type);
    response.end(text);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));
}
