export type { BearerTokenSource } from "./bearer-token.ts";
export type { Collectable, CollectOptions } from "./collectable.ts";
export type { ExporterOptions } from "./exporter-options.ts";
export type { Health } from "./health.ts";
export { type Handler, type MetricsHandler, metricsHandler } from "./metrics-handler.ts";
export { type ServeOptions, serve } from "./serve.ts";
export { ExporterServer } from "./server.ts";
