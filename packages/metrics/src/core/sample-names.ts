import type { Definition } from "./family.ts";
import type { MetricType } from "./snapshot.ts";

/** The names that a metric writes or that OpenMetrics derives its family from: no other metric may have one of them. */
export function sampleNames(full: string, type: MetricType): string[] {
  if (type === "counter") return [full, full.slice(0, -"_total".length)];
  if (type === "info") return [full, full.slice(0, -"_info".length)];
  if (type === "histogram") return [full, `${full}_bucket`, `${full}_sum`, `${full}_count`];
  if (type === "summary") return [full, `${full}_sum`, `${full}_count`];
  return [full];
}

/** What a metric was declared with. */
export interface Declared {
  readonly definition: Definition;
  /** What the definition does not say: buckets, quantiles. */
  readonly shape: object | undefined;
}

/** In which point two declarations differ, for an error text; undefined: in none. Texts are compared, since a registry keeps none of them. */
export function declarationDifference(before: Declared, after: Declared): string | undefined {
  const [was, is] = [before, after].map((declared) => ({ ...declared.definition, shape: declared.shape ?? null }) as Record<string, unknown>);
  for (const key of Object.keys({ ...was, ...is })) {
    const [a, b] = [JSON.stringify(was![key]), JSON.stringify(is![key])];
    if (a !== b) return `${key} was ${a}, now ${b}`;
  }
  return undefined;
}
