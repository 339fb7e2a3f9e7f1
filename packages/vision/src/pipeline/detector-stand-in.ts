import { MotionDetector, PeopleDetector } from "../detectors/index.ts";
import type { Detector } from "../types.ts";

export type DetectorSpec =
  | { readonly kind: "motion" }
  | { readonly kind: "people"; readonly confidence?: number }
  | { readonly kind: "module"; readonly url: string };

export async function createDetector(spec: DetectorSpec): Promise<Detector> {
  if (spec.kind === "motion") return new MotionDetector();
  if (spec.kind === "people") return new PeopleDetector(spec);
  const module = (await import(spec.url)) as { detector: Detector };
  return module.detector;
}
