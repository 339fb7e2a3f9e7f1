import type { MetricType } from "./snapshot.ts";

/** The names that a metric writes or that OpenMetrics derives its family from: no other metric may have one of them. */
export function sampleNames(full: string, type: MetricType): string[] {
  if (type === "counter") return [full, full.slice(0, -"_total".length)];
  if (type === "info") return [full, full.slice(0, -"_info".length)];
  if (type === "histogram") return [full, `${full}_bucket`, `${full}_sum`, `${full}_count`];
  if (type === "summary") return [full, `${full}_sum`, `${full}_count`];
  return [full];
}

/** In which point two declarations (as registry.ts signs them) differ, for an error text. */
export function declarationDifference(before: string, after: string): string {
  const [was, wasShape] = JSON.parse(before) as [Record<string, unknown>, unknown];
  const [is, isShape] = JSON.parse(after) as [Record<string, unknown>, unknown];
  for (const key of Object.keys({ ...was, ...is })) {
    const [a, b] = [JSON.stringify(was[key]), JSON.stringify(is[key])];
    if (a !== b) return `${key} was ${a}, now ${b}`;
  }
  return `shape was ${JSON.stringify(wasShape)}, now ${JSON.stringify(isShape)}`;
}
