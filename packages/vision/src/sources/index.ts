export { type SyntheticOptions, SyntheticScene } from "./synthetic-scene.ts";
