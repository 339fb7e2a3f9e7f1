export { clipped, intersection, iou, union } from "./boxes.ts";
export * from "./detectors/index.ts";
export * from "./pipeline/index.ts";
export * from "./sources/index.ts";
export * from "./tracking/index.ts";
export type * from "./types.ts";
