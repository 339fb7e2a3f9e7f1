import { intersection } from "../boxes.ts";
import type { Detection } from "../types.ts";

export interface NmsOptions {
  /** From this intersection over union on, the less confident of two boxes is dropped. Default 0.45. */
  readonly iou?: number;
  /** Also drop a box of which this share lies inside a more confident one. Default 1.01: never. */
  readonly inside?: number;
  /** Let boxes of different labels drop each other. Default false. */
  readonly acrossLabels?: boolean;
}

/** Non-maximum suppression: of detections that overlap, the most confident stays. Returns them by falling confidence. */
export function suppressed(detections: readonly Detection[], { iou = 0.45, inside = 1.01, acrossLabels = false }: NmsOptions = {}): Detection[] {
  const kept: Detection[] = [];
  for (const candidate of [...detections].sort((a, b) => b.confidence - a.confidence)) {
    const { width, height } = candidate.box;
    const covered = kept.some(({ box, label }) => {
      if (!acrossLabels && label !== candidate.label) return false;
      const shared = intersection(box, candidate.box);
      return shared > 0 && (shared >= iou * (box.width * box.height + width * height - shared) || shared >= inside * width * height);
    });
    if (!covered) kept.push(candidate);
  }
  return kept;
}
