export type { BearerTokenSource } from "./bearer-token.ts";
export { type ClusterOptions, clusterMetrics } from "./cluster.ts";
export type { Collectable, CollectOptions } from "./collectable.ts";
export type { ExporterOptions } from "./exporter-options.ts";
export type { Health } from "./health.ts";
export { type Handler, type MetricsHandler, metricsHandler } from "./metrics-handler.ts";
export { type Exporter, type ServeOptions, serve } from "./serve.ts";
export { ThreadHub, type ThreadHubOptions } from "./thread-hub.ts";
export { type ShareOptions, shareMetrics } from "./thread-member.ts";
