import { isAbsolute, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { InferometerError, shown } from "@inferometer/metrics";
import type { Detector } from "../types.ts";

/**
 * A detector of the user's own: the default export of a module, or the one called `detector`. It is a Detector, a class of them, or a
 * function that makes one. `url` is an address or a path; paths start at the working directory.
 * Throws DETECTOR_FAILED for a module that cannot be loaded or has no detector.
 */
export async function loadModuleDetector(url: string): Promise<Detector> {
  const address = /^(file|data|node):/.test(url) ? url : pathToFileURL(isAbsolute(url) ? url : resolve(url)).href;
  const failed = (what: string, cause?: unknown): InferometerError =>
    new InferometerError("DETECTOR_FAILED", `The detector module ${url.slice(0, 200)} ${what}`, { cause });
  let exported: { readonly default?: unknown; readonly detector?: unknown };
  try {
    exported = (await import(address)) as typeof exported;
  } catch (cause) {
    throw failed(`cannot be loaded: ${String((cause as Error)?.message ?? cause)}`, cause);
  }
  let detector = exported.default ?? exported.detector;
  if (typeof detector === "function") {
    try {
      detector = await make(detector as Maker);
    } catch (cause) {
      throw failed(`failed to make a detector: ${String((cause as Error)?.message ?? cause)}`, cause);
    }
  }
  if (isDetector(detector)) return detector;
  const seen = detector === undefined ? "neither a default export nor one called detector" : `${shown(detector)} where a detector should be`;
  throw failed(`has ${seen}. Export { name: "…", detect(frame) { return [] } } as default.`);
}

type Maker = (() => unknown) & (new () => unknown);

/** Classes are told from functions by their prototype, which has the method. */
const make = (maker: Maker): unknown => (typeof maker.prototype?.detect === "function" ? new maker() : maker());

function isDetector(value: unknown): value is Detector {
  const { name, detect } = (value ?? {}) as { name?: unknown; detect?: unknown };
  return typeof detect === "function" && typeof name === "string" && name !== "";
}
