import { InferometerError, shown } from "./errors.ts";
import type { Definition } from "./family.ts";
import { cleanLabelValue } from "./labels.ts";

/**
 * The values of a label set, in the order of the metric's labels. Throws LABELS_REQUIRED, LABEL_UNKNOWN, LABEL_MISSING, LABEL_VALUE_INVALID.
 */
export function checkedLabels(labels: object | undefined | null, metric: Pick<Definition, "name" | "labels">): string[] {
  const { name: metricName } = metric;
  const { names, closed } = metric.labels;
  if (typeof labels !== "object" || labels === null) {
    throw new InferometerError(
      "LABELS_REQUIRED",
      `${metricName} has labels (${names.join(", ")}), but got ${shown(labels)}. Pass them first: inc({ ${names.join(", ")} }).`,
    );
  }
  const given = labels as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue;
    throw new InferometerError(
      "LABEL_UNKNOWN",
      `Label ${shown(name)} is not declared on ${metricName} (${names.join(", ")}). Fix the spelling, or declare it at registration.`,
    );
  }
  const values = names.map((name) => {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (typeof value === "string") return cleanLabelValue(value);
    if (value === undefined)
      throw new InferometerError("LABEL_MISSING", `Label ${shown(name)} of ${metricName} is missing. Give all of: ${names.join(", ")}.`);
    throw new InferometerError(
      "LABEL_VALUE_INVALID",
      `Label ${shown(name)} of ${metricName} is ${shown(value)}. Label values are strings: pass String(value).`,
    );
  });
  closed.forEach((allowed, k) => {
    if (allowed === undefined || allowed.includes(values[k]!)) return;
    throw new InferometerError(
      "LABEL_VALUE_INVALID",
      `Label ${shown(names[k])} of ${metricName} is ${shown(values[k])}, not one of ${allowed.join(", ")}. Use one of these, or declare it.`,
    );
  });
  return values;
}
