import { createServer } from "node:http";
import { FAMILIES, familyName, modelNames, streamNames } from "../data.mjs";
import { otelMeter } from "../otel.mjs";

/** `series` counters in ten families; see prom-client.mjs. */
export async function service(series) {
  const { meter, exporter, serializer } = otelMeter(series);
  const streams = streamNames(series / FAMILIES);
  const counters = Array.from({ length: FAMILIES }, (_, k) => meter.createCounter(familyName(k), { description: "Frames seen." }));
  return {
    add(k, by) {
      counters[k % FAMILIES].add(by, { model: modelNames[((k / FAMILIES) | 0) % 10], stream: streams[(k / (FAMILIES * 10)) | 0] });
    },
    body: async () => [Buffer.from(serializer.serialize((await exporter.collect()).resourceMetrics))],
    listen() {
      const server = createServer((request, response) => exporter.getMetricsRequestHandler(request, response));
      return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));
    },
  };
}
