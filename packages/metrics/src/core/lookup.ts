import { SLAB_MASK, SLAB_SHIFT } from "./arena.ts";
import type { Family } from "./family.ts";
import { hashFactor } from "./series-table.ts";

/** `record(labels, value, options)`: finds the series of `labels` and hands the place of its numbers to `family.recordAt`. */
export interface Recorder {
  record(labels: object | undefined, value?: number, options?: unknown): void;
  /** Forgets what it remembers of the family's rows; called when a row is removed. */
  reset(): void;
}

let mayGenerate: boolean | undefined;
let generated = 0;

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
  return { record: (labels, value, options) => recordPlainly(family, labels, { value, options }), reset: () => {} };
}

export function recordPlainly(
  family: Family,
  labels: object | undefined,
  record: { readonly value: number | undefined; readonly options: unknown },
): void {
  const row = family.rowOf(labels);
  family.recordAt(family.cellsOf(row), family.placeIsRow ? row : family.placeOf(row), record.value, record.options);
}

/**
 * Function text for labels a, b. In the order of what it tries:
 *
 *   1. the label set of the call before: a call site with fixed labels costs no more than a few loads. After a miss it is not tried for 64 calls,
 *      since where labels come in random order the processor cannot guess the outcome, and a wrong guess costs more than step 2;
 *   2. a small cache of rows, by two characters and the length of each value (which characters: see probePlaces), checked against the values
 *      themselves. V8 gives no access to a string's hash but through a Map, and two Map.get cost twice as much as this;
 *   3. the dictionaries and the table, which no choice of values can make slow; and at first sight of a label set the family.
 *
 * 10 / 1000 label sets in random order: 55 / 92 ns by step 3 alone, 35 / 39 ns with 2, 49 / 60 with 1 at each call. State is kept in an object, not in
 * variables: V8 knows a constant object, but loads a variable of an outer function anew (4.9 against 7.6 ns for fixed labels).
 *
 * The path is kept short in bytecode. V8 inlines a function with all that it has inlined into that one already, 920 bytes in a caller at most and a
 * fifth of it in reserve; so a path of more than 766 bytes was inlined or not by which function V8 happened to have compiled first, and one service
 * recorded in 53 ns what took another 68 (histogram, ten label sets). What is above 460 is never inlined: so are `seek`, and `find` itself from three
 * labels on, where the whole path would be too long. A test measures it.
 */
export function generatedRecorder(family: Family): Recorder {
  const each = (write: (k: number) => string, separator = " "): string => family.labelNames.map((_, k) => write(k)).join(separator);
  const values = each((k) => `v${k}`, ", ");
  const charAt = (k: number, which: "p" | "q"): string =>
    `(n${k} >= s.${which}${k} ? v${k}.charCodeAt(n${k} - s.${which}${k}) * ${placeFactor(2 * k + (which === "p" ? 0 : 1))} : 0)`;
  const lengths = each((k) => `const n${k} = v${k}.length;`);
  const hashOfOne = each((k) => `n${k} + ${charAt(k, "p")}`, " + ");
  const hashOfTwo = each((k) => `n${k} + ${charAt(k, "p")} + ${charAt(k, "q")}`, " + "); // where one does, the second would cost a fifth of the call
  const placing = (hash: string): string => `const hash = ${hash}, first = (hash ^ hash >> 9) & s.mask;`;
  const placer = (name: string, hash: string): string => `function ${name}(${values}) { const s = state; ${lengths} ${placing(hash)} return first; }`;
  const short = family.labelNames.length <= 2;
  // These are replaced when the family grows; a row is remembered only after they are up to date.
  const refresh = `s.slots = family.rows.slots; ${each((k) => `s.column${k} = s.table.columns[${k}];`)}`;
  // The number keeps texts apart: V8 lets functions of equal text share what it learns of them, and a family must be the only one that it sees.
  const text = `"use strict"; // ${generated++}
const state = { table: undefined, slabs: undefined, slots: undefined, cache: undefined, mask: 0, two: 0, skip: 1, cells: undefined, at: 0, ${each((k) => `seen${k}: "", ids${k}: undefined, texts${k}: undefined, column${k}: undefined, p${k}: 1, q${k}: 1`, ", ")} };
const none = {};
function reset() {
  const s = state;
  s.table = family.table;
  s.slabs = family.home.arena.slabs;
  s.skip = 1;
  ${each((k) => `s.ids${k} = s.table.dictionaries[${k}]; s.texts${k} = s.table.texts[${k}];`)}
  ${refresh}
  if (s.cache === undefined) resize();
  else s.cache.fill(-1); // the places still tell most values apart; to choose them anew costs as much as a thousand removals
}
function resize() {
  const s = state;
  s.cache = newCache(s.table.length);
  s.mask = s.cache.length - 1;
  let places;
  s.two = 0;
  ${each((k) => `places = probePlaces(s.texts${k}); s.p${k} = places[0] + 1; s.q${k} = places[1] + 1; if (places[1] !== ${NOT_NEEDED}) s.two = 1;`)}
}
reset();
${short ? `${placer("place", hashOfOne)}\n${placer("placeOfTwo", hashOfTwo)}` : ""}
function find(labels, ${values}) {
  if (${each((k) => `typeof v${k} !== "string"`, " || ")}) return family.rowOf(labels); // throws
  const s = state;
  ${short ? `const first = s.two === 0 ? place(${values}) : placeOfTwo(${values});` : `${lengths} ${placing(`s.two === 0 ? ${hashOfOne} : ${hashOfTwo}`)}`}
  const row = s.cache[first];
  return row !== -1 && ${each((k) => `s.texts${k}[s.column${k}[row]] === v${k}`, " && ")} ? row : seek(labels, first, ${values});
}
function seek(labels, first, ${values}) {
  const s = state;
  let found = s.cache[first ^ 1];
  if (found !== -1 && ${each((k) => `s.texts${k}[s.column${k}[found]] === v${k}`, " && ")}) return found;
  found = -1;
  ${each((k) => `const i${k} = s.ids${k}.get(v${k});`)}
  if (${each((k) => `i${k} !== undefined`, " && ")}) {
    ${refresh}
    const rows = s.table.table, mask = s.table.mask;
    const hash = ${each((k) => `Math.imul(i${k}, ${hashFactor(k) | 0})`, " + ")} | 0;
    for (let at = (hash ^ hash >>> 15) & mask;; at = at + 1 & mask) {
      const row = rows[at];
      if (row === -1) break;
      if (${each((k) => `s.column${k}[row] === i${k}`, " && ")}) { found = row; break; }
    }
  }
  const known = found !== -1;
  if (!known) {
    found = family.rowOf(labels);
    ${refresh}
  }
  if (s.table.length * 4 > s.cache.length && s.cache.length < ${LARGEST_CACHE}) resize();
  else if (known && found < 32768) s.cache[s.cache[first] === -1 || s.cache[first ^ 1] !== -1 ? first : first ^ 1] = found;
  return found; // a new one is remembered at the next call: it may be the overflow series', which is not theirs to keep
}
function remember(row, ${values}) {
  const s = state;
  if (row === family.overflowRow) {
    s.skip = 1;
    return;
  }
  const slot = s.slots[row];
  s.cells = s.slabs[slot >> ${SLAB_SHIFT}];
  s.at = ${family.placeIsRow ? "row" : `slot & ${SLAB_MASK}`};
  ${each((k) => `s.seen${k} = v${k};`)}
}
return {
  reset,
  record(labels, value, options) {
    const s = state, given = labels ?? none;
    ${each((k) => `const v${k} = given[${JSON.stringify(family.labelNames[k])}];`)}
    let cells = s.cells, at = s.at;
    if (s.skip !== 0 || ${each((k) => `v${k} !== s.seen${k}`, " || ")}) {
      if (s.skip === 0) s.skip = 64;
      const row = find(labels, ${values}), slot = s.slots[row];
      cells = s.slabs[slot >> ${SLAB_SHIFT}];
      at = ${family.placeIsRow ? "row" : `slot & ${SLAB_MASK}`};
      if (--s.skip === 0) remember(row, ${values});
    }
    family.recordAt(cells, at, value, options);
  }
};`;
  return new Function("family", "newCache", "probePlaces", text)(family, newCache, probePlaces) as Recorder;
}

const LARGEST_CACHE = 8192;
/** How far from a value's end a probe may look. */
const REACH = 24;
const SAMPLE = 256;

/** Small and odd: with ASCII the sum stays a small integer, which is what makes it fast. */
const placeFactor = (k: number): number => ((k * 1279 + 31) % 4093) | 1;

/** Eight places a row, so that few rows share one; 16 KiB at most, half of a first-level cache. Rows above 32 767 are not in it. */
function newCache(rows: number): Int16Array {
  let size = 16;
  while (size < rows * 8 && size < LARGEST_CACHE) size *= 2;
  return new Int16Array(size).fill(-1);
}

/** A place that no value has. */
const NOT_NEEDED = 1 << 29;

/** The one or two places (counted from the end) whose characters, with the length, tell most of the known values apart. */
function probePlaces(texts: readonly (string | undefined)[]): readonly [number, number] {
  const sample = texts.slice(-SAMPLE).filter((text) => text !== undefined);
  const reach = sample.reduce((longest, { length }) => Math.max(longest, Math.min(length, REACH)), 1);
  let best: [number, number] = [0, NOT_NEEDED];
  let most = -1;
  for (const turn of [0, 1] as const) {
    for (let place = 0; place < reach && most < sample.length; place++) {
      const [first, second] = turn === 0 ? [place, NOT_NEEDED] : [best[0], place];
      const seen = new Set(sample.map((text) => (text.length * 65536 + codeAt(text, first)) * 65536 + codeAt(text, second))).size;
      if (seen <= most) continue;
      most = seen;
      best = [first, second];
    }
  }
  return best;
}

/** 0 where the text is shorter. */
const codeAt = (text: string, fromEnd: number): number => (fromEnd < text.length ? text.charCodeAt(text.length - 1 - fromEnd) : 0);
