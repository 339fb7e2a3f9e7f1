import type { Family } from "./family.ts";
import { hashFactor } from "./series-table.ts";

/** `record(labels, value, options)`: finds the series of `labels` and hands the place of its numbers to `family.recordAt`. */
export interface Recorder {
  record(labels: object | undefined, value?: number, options?: unknown): void;
  /** Forgets what it remembers of the family's rows; called when a row is removed. */
  reset(): void;
}

let mayGenerate: boolean | undefined;

/** Whether this runtime lets a program make functions from text (a content security policy may forbid it). */
export function canGenerateCode(): boolean {
  if (mayGenerate === undefined) {
    try {
      mayGenerate = new Function("return true")() === true;
    } catch {
      mayGenerate = false;
    }
  }
  return mayGenerate;
}

/**
 * The labelled record path. Generated as text for each family, so that its loads of the label names are monomorphic: by bench/core it costs
 * about half of `plainRecorder`, which does the same where generation is forbidden. Both pass the same tests.
 */
export function makeRecorder(family: Family): Recorder {
  return canGenerateCode() ? generatedRecorder(family) : plainRecorder(family);
}

export function plainRecorder(family: Family): Recorder {
  return {
    record: (labels, value, options) => {
      const row = family.rowOf(labels);
      family.recordAt(family.cellsOf(row), family.placeOf(row), value, options);
    },
    reset: () => {},
  };
}

/**
 * Function text for labels a, b: one remembered label set, then a number a label from its dictionary, then a probe of the table. What it remembers
 * is in an object, not in variables: V8 knows a constant object, but loads a variable of an outer function anew (bench/core: 4.9 against 7.6 ns).
 */
export function generatedRecorder(family: Family): Recorder {
  const each = (write: (k: number) => string, separator: string): string => family.labelNames.map((_, k) => write(k)).join(separator);
  const text = `"use strict";
const state = { table: undefined, cells: undefined, at: 0, ${each((k) => `seen${k}: undefined, ids${k}: undefined`, ", ")} };
function reset() { const s = state; s.table = family.table; s.cells = undefined; ${each((k) => `s.seen${k} = undefined; s.ids${k} = s.table.dictionaries[${k}];`, " ")} }
reset();
function find(labels, ${each((k) => `v${k}`, ", ")}) {
  const s = state;
  ${each((k) => `const i${k} = s.ids${k}.get(v${k});`, " ")}
  if (${each((k) => `i${k} !== undefined`, " && ")}) {
    const rows = s.table.table, mask = s.table.mask, columns = s.table.columns;
    const hash = ${each((k) => `Math.imul(i${k}, ${hashFactor(k) | 0})`, " + ")} | 0;
    for (let at = (hash ^ hash >>> 15) & mask;; at = at + 1 & mask) {
      const row = rows[at];
      if (row === -1) break;
      if (${each((k) => `columns[${k}][row] === i${k}`, " && ")}) return row;
    }
  }
  return family.rowOf(labels);
}
return {
  reset,
  record(labels, value, options) {
    if (labels === undefined || labels === null) family.rowOf(labels);
    const s = state;
    ${each((k) => `const v${k} = labels[${JSON.stringify(family.labelNames[k])}];`, " ")}
    if (${each((k) => `v${k} !== s.seen${k}`, " || ")} || s.cells === undefined) {
      const row = find(labels, ${each((k) => `v${k}`, ", ")});
      if (row === family.overflowRow) return family.recordAt(family.cellsOf(row), family.placeOf(row), value, options);
      s.cells = family.cellsOf(row);
      s.at = family.placeOf(row);
      ${each((k) => `s.seen${k} = v${k};`, " ")}
    }
    family.recordAt(s.cells, s.at, value, options);
  }
};`;
  return new Function("family", text)(family) as Recorder;
}
