export { createSource, type SourceSpec } from "./create-source.ts";
export { ImagesSource, type ImagesSpec } from "./images-source.ts";
export { parseSource } from "./parse-source.ts";
export { RedisSource, type RedisSpec } from "./redis-source.ts";
export { type SyntheticOptions, SyntheticScene } from "./synthetic-scene.ts";
export { SyntheticSource, type SyntheticSpec } from "./synthetic-source.ts";
export { VideoSource, type VideoSpec } from "./video-source.ts";
