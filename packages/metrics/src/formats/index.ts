export type { EncodeOptions, Format } from "./format.ts";
export { json, toJson } from "./json.ts";
export type { ParseOptions } from "./line-scanner.ts";
export { openMetrics, toOpenMetrics } from "./open-metrics.ts";
export { parseJson } from "./parse-json.ts";
export { parseOpenMetrics } from "./parse-open-metrics.ts";
export { parsePrometheus } from "./parse-prometheus.ts";
export { prometheusProtobuf, toProtobuf } from "./prometheus-protobuf.ts";
export { prometheusText, toPrometheus } from "./prometheus-text.ts";
