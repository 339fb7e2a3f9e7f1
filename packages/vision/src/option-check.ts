import { InferometerError, shown } from "@inferometer/metrics";

/** What a number has to be, and how a user is told. */
export interface Bound {
  /** False for NaN. */
  readonly fits: (value: number) => boolean;
  /** "a number above 0". */
  readonly wanted: string;
}

export const SHARE: Bound = { fits: (value) => value >= 0 && value <= 1, wanted: "a number from 0 to 1" };
export const POSITIVE: Bound = { fits: (value) => value > 0 && value < Number.POSITIVE_INFINITY, wanted: "a number above 0" };
export const COUNT: Bound = { fits: (value) => Number.isSafeInteger(value) && value >= 1, wanted: "a whole number from 1 on" };

/** As `atLeast(24, { of: "pixels" })`. `of`: default a bare number. */
export function atLeast(least: number, { of = "" }: { readonly of?: string } = {}): Bound {
  return { fits: (value) => value >= least, wanted: `${least}${of && ` ${of}`} or more` };
}

/**
 * Throws OPTION_INVALID for the first of these options that is not what it has to be, with its value and the way out.
 *
 * @example
 * checkOptions({ confidence, iou }, SHARE);
 */
export function checkOptions(options: Readonly<Record<string, number>>, { fits, wanted }: Bound): void {
  for (const [name, value] of Object.entries(options)) {
    if (!fits(value)) throw new InferometerError("OPTION_INVALID", `${name} is ${shown(value)}. Give ${wanted}.`);
  }
}
