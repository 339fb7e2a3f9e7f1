import { InferometerError } from "@inferometer/metrics";

/** Which class, and how sure. */
export interface Scored {
  /** Number of the class, from 0. */
  readonly index: number;
  readonly confidence: number;
}

/** A box that a model reports, in pixels of its input. */
export interface Found extends Scored {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Centre and size, as most models give their boxes. */
export interface Centred extends Scored {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

// Rounding of half precision may lift a certain score a little above 1.
const MOST_CONFIDENT = 1.01;

/** Holds a box against what a box and a score can be. Throws DETECTOR_FAILED: nonsense must not pass for "nothing seen". */
export function checked(found: Found): Found {
  const { confidence, left, top, right, bottom } = found;
  if (!(confidence <= MOST_CONFIDENT && Number.isFinite(left + top + right + bottom))) throw nonsense(confidence, [left, top, right, bottom]);
  return confidence > 1 ? { ...found, confidence: 1 } : found;
}

/** The same for a box given by its centre. */
export function checkedCentre({ index, confidence, x, y, width, height }: Centred): Found {
  return checked({ index, confidence, left: x - width / 2, top: y - height / 2, right: x + width / 2, bottom: y + height / 2 });
}

const short = (value: number): string => String(Number(value.toPrecision(6)));

/** For a score that is not a number, wherever it is met. */
export function nonsense(confidence: number, box: readonly number[] = []): InferometerError {
  const place = box.length === 0 ? "" : ` for the box (${box.map(short).join(", ")})`;
  const broken = [confidence, ...box].some((value) => Number.isNaN(value));
  const advice = broken
    ? "Its weights are damaged, or float16 is too small for them: try the float32 export."
    : "Its layout may be another one than it looks like: set `layout`.";
  return new InferometerError("DETECTOR_FAILED", `The model reports a score of ${short(confidence)}${place}. ${advice}`);
}

/** Place of the largest of some numbers. Throws DETECTOR_FAILED when one is not a number. */
export function largest(data: Float32Array, { from, count }: { readonly from: number; readonly count: number }): number {
  let best = from;
  for (let at = from; at < from + count; at++) {
    const value = data[at]!;
    if (value > data[best]!) best = at;
    else if (!(value <= data[best]!)) throw nonsense(Number.NaN);
  }
  return best - from;
}
