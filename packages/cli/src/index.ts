export { run } from "./main.ts";
export type { Output, Surroundings } from "./surroundings.ts";
