import { InferometerError, shown } from "@inferometer/metrics";
import type { Detector } from "../types.ts";
import { loadModuleDetector } from "./module-detector.ts";
import { MotionDetector, type MotionOptions } from "./motion-detector.ts";
import { OnnxDetector, type OnnxOptions } from "./onnx/onnx-detector.ts";
import { PeopleDetector, type PeopleOptions } from "./people-detector.ts";

/** A detector in words: plain data, which can be sent to the thread that the detector is to work in. */
export type DetectorSpec =
  | ({ readonly kind: "motion" } & MotionOptions)
  | ({ readonly kind: "people" } & PeopleOptions)
  | ({ readonly kind: "onnx" } & Omit<OnnxOptions, "runtime">)
  /** A module of your own; see docs/detectors.md. `url` is an address or a path. */
  | { readonly kind: "module"; readonly url: string };

/**
 * Makes a detector. Throws OPTION_INVALID for options that make no sense, and DETECTOR_FAILED for a module that has no detector; a model is
 * loaded by the detector's `open`.
 *
 * @example
 * const detector = await createDetector({ kind: "onnx", model: "yolo11n.onnx", confidence: 0.4 });
 */
export async function createDetector(spec: DetectorSpec): Promise<Detector> {
  switch (spec.kind) {
    case "motion":
      return new MotionDetector(spec);
    case "people":
      return new PeopleDetector(spec);
    case "onnx":
      return new OnnxDetector(spec);
    case "module":
      return loadModuleDetector(spec.url);
    default:
      throw new InferometerError("OPTION_INVALID", `Detector kind ${shown((spec as { kind: unknown }).kind)} is not known. ${KNOWN}`);
  }
}

const KNOWN = 'Give "motion", "people", the path of an .onnx model, or the path of a module: ./own-detector.mjs.';

/**
 * What a user types: `motion`, `people`, `yolo11n.onnx`, `./own-detector.mjs` or its file: address. Throws OPTION_INVALID for anything else.
 *
 * @example
 * parseDetector("models/yolo11n.onnx"); // { kind: "onnx", model: "models/yolo11n.onnx" }
 */
export function parseDetector(text: string): DetectorSpec {
  if (text === "motion" || text === "people") return { kind: text };
  if (/\.onnx$/i.test(text)) return { kind: "onnx", model: text };
  if (/\.[cm]?[jt]s$/i.test(text) || /^file:/.test(text)) return { kind: "module", url: text };
  throw new InferometerError("OPTION_INVALID", `Detector ${shown(text)} is not known. ${KNOWN}`);
}
