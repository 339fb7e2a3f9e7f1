import { InferometerError, shown } from "@inferometer/metrics";
import type { Detection } from "../types.ts";

/**
 * Clean copies of what a detector answered, those below `confidence` left out. A detector may be anybody's: one NaN in a box would spoil the
 * tracker and the metrics, and a foreign object may not pass between threads. Throws DETECTOR_FAILED for what is no detection.
 */
export function checkedDetections(answer: unknown, confidence: number): Detection[] {
  if (!Array.isArray(answer)) throw bad(`${shown(answer)} instead of an array of detections`);
  const checked: Detection[] = [];
  for (const given of answer as readonly (Partial<Detection> | undefined)[]) {
    const { x, y, width, height } = given?.box ?? {};
    const share = given?.confidence;
    if (!(isNumber(x) && isNumber(y) && isNumber(width) && isNumber(height) && width >= 0 && height >= 0)) {
      throw bad(`a box of x ${shown(x)}, y ${shown(y)}, width ${shown(width)}, height ${shown(height)}`);
    }
    if (!(isNumber(share) && share >= 0 && share <= 1)) throw bad(`a confidence of ${shown(share)}`);
    if (typeof given?.label !== "string" || given.label === "") throw bad(`a label that is ${shown(given?.label)}`);
    if (share >= confidence) checked.push({ box: { x, y, width, height }, label: given.label, confidence: share });
  }
  return checked;
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function bad(what: string): InferometerError {
  return new InferometerError(
    "DETECTOR_FAILED",
    `The detector answered ${what}. Return [{ box: { x, y, width, height }, label, confidence }] in pixels, confidence 0 to 1.`,
  );
}
