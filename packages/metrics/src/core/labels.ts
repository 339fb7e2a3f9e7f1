import { InferometerError, shown } from "./errors.ts";

/**
 * How labels are declared: a list of names, or an object that gives each name its values: `String` for any, an array for a closed set.
 *
 * @example
 * { labels: ["model", "status"] }
 * { labels: { model: String, status: ["success", "error"] } }
 */
export type LabelSpec = readonly string[] | { readonly [name: string]: StringConstructor | readonly string[] };

/** The label object that a declaration asks for at each call. */
export type LabelsOf<S extends LabelSpec> = S extends readonly (infer Name extends string)[]
  ? { readonly [K in Name]: string }
  : { readonly [K in keyof S]: S[K] extends readonly (infer Value)[] ? Value : string };

/** Any label object. */
export type Labels = { readonly [name: string]: string };

/** A declaration, read: names in order, and the closed set of each where there is one. */
export interface DeclaredLabels {
  readonly names: readonly string[];
  readonly closed: readonly (readonly string[] | undefined)[];
}

/** A label value longer than this is cut: with the series limit it bounds what hostile input can make us keep. */
export const MAX_LABEL_LENGTH = 1024;

const NO_LABELS: DeclaredLabels = { names: [], closed: [] };

/** Reads a declaration. Throws LABEL_NAME_INVALID for a name given twice, OPTION_INVALID for what is no declaration. */
export function declaredLabels(spec: LabelSpec | undefined, metric: string): DeclaredLabels {
  if (spec === undefined) return NO_LABELS;
  if (typeof spec !== "object" || spec === null) throw invalid(metric, `labels is ${shown(spec)}`);
  const entries: [string, unknown][] = Array.isArray(spec) ? spec.map((name: string) => [name, String]) : Object.entries(spec);
  const names = entries.map(([name]) => name);
  const twice = names.find((name, k) => names.indexOf(name) !== k);
  if (twice !== undefined) throw new InferometerError("LABEL_NAME_INVALID", `Label ${shown(twice)} of ${metric} is declared twice. Declare it once.`);
  const closed = entries.map(([name, values]) => {
    if (values === String) return undefined;
    if (!Array.isArray(values) || values.length === 0 || values.some((value) => typeof value !== "string"))
      throw invalid(metric, `the values of label ${shown(name)} are ${shown(values)}`);
    return [...new Set((values as string[]).map(cleanLabelValue))];
  });
  return { names, closed };
}

/** A value as it is kept: whole characters only (a lone surrogate would become another series' text on the wire), and of bounded length. */
export function cleanLabelValue(value: string): string {
  let cut = value.length > MAX_LABEL_LENGTH ? `${value.slice(0, MAX_LABEL_LENGTH - 1)}…` : value;
  if (/[\ud800-\udfff]/.test(cut)) cut = cut.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd");
  return cut;
}

const invalid = (metric: string, what: string): InferometerError =>
  new InferometerError(
    "OPTION_INVALID",
    `${metric}: ${what}. Declare labels as ["model", "status"] or as { model: String, status: ["success", "error"] }.`,
  );
