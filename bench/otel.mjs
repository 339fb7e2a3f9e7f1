// The OpenTelemetry that runs on this Node: 3.x from 22.15 on (in a folder of its own: it needs another @opentelemetry/api), else 2.x.
import { createRequire } from "node:module";

const [major, minor] = process.versions.node.split(".").map(Number);
export const otelFolder = major > 22 || (major === 22 && minor >= 15) ? "otel-3/" : "./";

const require = createRequire(new URL(`${otelFolder}package.json`, import.meta.url));

export const otelVersion = () => require("@opentelemetry/sdk-metrics/package.json").version;

/** A meter with room for `series` series a metric (the default is 2000), and the official Prometheus exporter behind it. */
export function otelMeter(series = 2000) {
  const { MeterProvider } = require("@opentelemetry/sdk-metrics");
  const { PrometheusExporter, PrometheusSerializer } = require("@opentelemetry/exporter-prometheus");
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const views = [{ instrumentName: "*", aggregationCardinalityLimit: series + 1 }];
  const provider = new MeterProvider({ readers: [exporter], views });
  return { meter: provider.getMeter("bench"), exporter, serializer: new PrometheusSerializer() };
}
