import { InferometerError, shown } from "@inferometer/metrics";
import { hostParts } from "@inferometer/metrics/collectors";
import { didYouMean } from "../suggest.ts";

/** Collectors beside host(). */
const BESIDE = ["container", "gpu", "process"] as const;
export type Beside = (typeof BESIDE)[number];

/** What is collected. */
export interface Choice {
  /** Parts of host(), in its order. */
  readonly parts: readonly string[];
  readonly beside: readonly Beside[];
}

/** All that there is. "host" stands for all its parts. */
export const ALL: Choice = { parts: hostParts, beside: BESIDE };

/** The same text for the same choice. */
export const keyOf = ({ parts, beside }: Choice): string => [...parts, ...beside].join();

/**
 * Of `from`, what is named to be collected (none: all) without what is excluded. Throws OPTION_INVALID for a name that `from` does not have:
 * a misspelt one must not look like a machine without disks.
 */
export function choose(
  { collect, exclude }: { readonly collect: readonly string[]; readonly exclude: readonly string[] },
  { from, where }: { readonly from: Choice; readonly where: string },
): Choice {
  const known = new Set<string>([...(from.parts.length > 0 ? ["host"] : []), ...from.beside, ...from.parts]);
  for (const name of [...collect, ...exclude]) {
    if (known.has(name)) continue;
    const hint = didYouMean(name, [...known]);
    throw new InferometerError("OPTION_INVALID", `${where} has no collector ${shown(name)}.${hint} It has: ${[...known].join(", ")}.`);
  }
  const wanted = (name: string, group?: string): boolean => {
    const named = (names: readonly string[]): boolean => names.includes(name) || (group !== undefined && names.includes(group));
    return (collect.length === 0 || named(collect)) && !named(exclude);
  };
  return { parts: from.parts.filter((part) => wanted(part, "host")), beside: from.beside.filter((name) => wanted(name)) };
}

/** "cpu,meminfo" and several of them, as names. */
export const namesOf = (lists: readonly string[]): string[] =>
  lists
    .flatMap((list) => list.split(","))
    .map((name) => name.trim())
    .filter((name) => name !== "");
