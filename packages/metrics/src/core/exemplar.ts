import { InferometerError, shown } from "./errors.ts";
import type { Exemplar } from "./snapshot.ts";

/** What a record may carry besides its value. */
export interface RecordOptions {
  /** Labels of an exemplar, such as `{ trace_id: "…" }`: at most 128 characters in all, names and values together (OpenMetrics 1.0). */
  readonly exemplar?: Readonly<Record<string, string>>;
}

/** Row -> place (a bucket's number; 0 for a counter) -> the newest exemplar there. */
export type ExemplarStore = Map<number, Map<number, Exemplar>>;

const MAX_CHARACTERS = 128;

/** Keeps an exemplar. Throws EXEMPLAR_INVALID. */
export function keepExemplar(store: ExemplarStore, at: { readonly row: number; readonly place: number }, exemplar: Exemplar): void {
  checkExemplar(exemplar.labels);
  let places = store.get(at.row);
  if (places === undefined) store.set(at.row, (places = new Map()));
  places.set(at.place, { ...exemplar, labels: { ...exemplar.labels } });
}

/** An immutable copy for a snapshot. */
export function exemplarsOf(store: ExemplarStore): Map<number, Exemplar[]> {
  return new Map([...store].map(([row, places]) => [row, [...places.values()].sort((a, b) => a.value - b.value)]));
}

function checkExemplar(labels: Readonly<Record<string, string>>): void {
  const refuse = (why: string): never => {
    throw new InferometerError(
      "EXEMPLAR_INVALID",
      `The exemplar ${why}. Give labels such as { trace_id: "4bf92f35" }, at most ${MAX_CHARACTERS} characters in all.`,
    );
  };
  if (typeof labels !== "object" || labels === null) refuse(`is ${shown(labels)}`);
  let characters = 0;
  for (const [name, value] of Object.entries(labels)) {
    if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) refuse(`has the label name ${shown(name)}`);
    if (typeof value !== "string") refuse(`has ${shown(value)} for label ${shown(name)}`);
    characters += [...name].length + [...value].length;
  }
  if (characters > MAX_CHARACTERS) refuse(`has ${characters} characters`);
}
