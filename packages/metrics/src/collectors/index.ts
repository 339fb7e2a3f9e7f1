export { HostCollector, type HostOptions, host } from "./host/host.ts";
export type { HostIgnore } from "./host/part.ts";
export { hostParts } from "./host/parts.ts";
