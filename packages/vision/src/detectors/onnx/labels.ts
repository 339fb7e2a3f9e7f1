import { readFile } from "node:fs/promises";
import { InferometerError, shown } from "@inferometer/metrics";

/** Names of a model's classes: the array given, or what is in the file at the path. A copy. Throws MODEL_INVALID. */
export async function loadLabels(labels: string | readonly string[]): Promise<readonly string[]> {
  if (typeof labels !== "string") return listed(labels, "labels");
  let text: string;
  try {
    text = await readFile(labels, "utf8");
  } catch (cause) {
    throw new InferometerError("MODEL_INVALID", `The labels file ${labels} cannot be read: ${(cause as Error).message}. Check the path.`, { cause });
  }
  return labelsFromText(text, labels);
}

/**
 * Labels from the text of a file: one a line, or JSON: an array, an object by class number, or either under `names` or `id2label`, as in the
 * config.json of models from Hugging Face.
 */
export function labelsFromText(text: string, path: string): readonly string[] {
  const trimmed = text.replace(/^\uFEFF/, "").trimEnd();
  if (!/^\s*[[{]/.test(trimmed)) {
    if (trimmed === "") throw new InferometerError("MODEL_INVALID", `The labels file ${path} is empty. Write one label a line.`);
    return trimmed.split(/\r?\n/).map((line) => line.trim());
  }
  let value: unknown;
  try {
    value = JSON.parse(trimmed);
  } catch (cause) {
    throw new InferometerError("MODEL_INVALID", `The labels file ${path} is not valid JSON: ${(cause as Error).message}.`, { cause });
  }
  const { names, id2label } = value as { names?: unknown; id2label?: unknown };
  return listed(names ?? id2label ?? value, path);
}

/**
 * Labels as Ultralytics leaves them in the metadata: a Python dictionary or list in text, `{0: 'person', 1: "driver's seat"}`.
 * Undefined for what is neither: metadata is the exporter's affair, and a model without names is of use too.
 */
export function labelsFromMetadata(names: string | undefined): readonly string[] | undefined {
  const text = names?.trim() ?? "";
  const entries = [...text.matchAll(/(?:(\d+)\s*:\s*)?(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*(?=[,}\]])/gs)];
  if (!/^[[{]/.test(text) || entries.length === 0) return undefined;
  const labels: string[] = [];
  for (const [, index, single, double] of entries) {
    const at = index === undefined ? labels.length : Number(index);
    if (at > MOST_CLASSES) return undefined;
    labels[at] = (single ?? double ?? "").replace(/\\(.)/g, "$1");
  }
  return withoutHoles(labels);
}

/** What a class is called that has no name. */
export const nameless = (index: number): string => `class-${index}`;

const MOST_CLASSES = 100_000;

function withoutHoles(labels: readonly (string | undefined)[]): string[] {
  return Array.from(labels, (label, index) => label ?? nameless(index));
}

function listed(value: unknown, from: string): readonly string[] {
  const wrong = (what: string): InferometerError =>
    new InferometerError("MODEL_INVALID", `${from} holds ${what} where labels should be. Give ["person", "car"] or {"0": "person", "1": "car"}.`);
  if (typeof value !== "object" || value === null) throw wrong(shown(value));
  const labels: string[] = [];
  for (const [key, label] of Object.entries(value)) {
    const index = Number(key);
    if (!(Number.isInteger(index) && index >= 0 && index <= MOST_CLASSES)) throw wrong(`the key ${shown(key)}`);
    if (typeof label !== "string") throw wrong(shown(label));
    labels[index] = label;
  }
  if (labels.length === 0) throw wrong("nothing");
  return withoutHoles(labels);
}
