export { ContainerCollector, type ContainerOptions, container } from "./container/container.ts";
export type { ContainerDetection } from "./container/detection.ts";
export { GpuCollector, type GpuOptions, gpu } from "./gpu/gpu.ts";
export type { ProcessGroupsOption } from "./gpu/process-groups.ts";
export { HostCollector, type HostOptions, host } from "./host/host.ts";
export type { HostIgnore } from "./host/part.ts";
export { hostParts } from "./host/parts.ts";
export { ProcessCollector, type ProcessOptions, process } from "./process/process.ts";
