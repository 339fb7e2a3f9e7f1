import { Registry } from "./registry.ts";

const KEY = Symbol.for("inferometer.registry.1");
const holder = globalThis as { [KEY]?: Registry };

/**
 * The registry that everything uses unless it is given another. Two copies of this library in one process (a duplicate in node_modules, a
 * bundle beside it) share it, so that nothing is counted where nobody looks.
 */
export const registry: Registry = (holder[KEY] ??= new Registry());
