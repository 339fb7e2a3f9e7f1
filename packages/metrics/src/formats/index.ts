export type { EncodeOptions, Format } from "./format.ts";
export { json, toJson } from "./json.ts";
export { openMetrics, toOpenMetrics } from "./open-metrics.ts";
export { prometheusProtobuf, toProtobuf } from "./prometheus-protobuf.ts";
export { prometheusText, toPrometheus } from "./prometheus-text.ts";
