import { InferometerError, shown } from "./errors.ts";

/** A duration as people write it: "500ms", "15s", "1h30m", "7d". */
export type Duration = `${number}${"ms" | "s" | "m" | "h" | "d" | "w"}` | (string & {});

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/**
 * Milliseconds of a duration such as "15s", "1.5h" or "1h30m" (the units of Prometheus: ms, s, m, h, d, w).
 * Throws DURATION_INVALID for anything else, a bare number included: 15 could be seconds or milliseconds.
 *
 * @example
 * parseDuration("1h30m"); // 5 400 000
 */
export function parseDuration(text: Duration): number {
  if (typeof text === "string" && /^(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+$/.test(text)) {
    let total = 0;
    for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/g)) total += Number(amount) * UNITS[unit!]!;
    return total;
  }
  throw new InferometerError(
    "DURATION_INVALID",
    `${shown(text)} is not a duration. Write a number and a unit: "500ms", "15s", "10m", "1h30m", "7d".`,
  );
}
