import { SLAB_MASK, SLAB_SHIFT } from "./arena.ts";
import { histogramPoints } from "./histogram-points.ts";
import { ANEW, ASK, CHUNK_HEAD, FAMILY, type FamilyEntry, NONE, REMOVED, ROW, type SharedPart, SWAPPED } from "./journal.ts";
import { VERSION } from "./native.ts";
import { type Block, copyRows } from "./rows.ts";
import { SeriesTable } from "./series-table.ts";
import { type FamilyData, FamilySnapshot, hasBeginning, type MergeRule, type MetricType } from "./snapshot.ts";

interface MirroredFamily {
  readonly entry: FamilyEntry;
  table: SeriesTable;
  blocks: Block[];
  /** Rows that the blocks have room for. */
  room: number;
  created: Float64Array;
  ask: boolean;
  /** Whether a snapshot has the table, which must not change then. */
  captured: boolean;
}

const TRIES = 1000;
const decoder = new TextDecoder("utf-16le");
const double = new Float64Array(1);
const doubleUnits = new Uint16Array(double.buffer);

/**
 * Another thread's registry, read from its shared memory: the thread is not asked, so it may be busy or stuck. See journal.ts for what is read.
 * What is not in shared memory (summaries' windows, exemplars, collectors) has to be asked for; `asked` says which.
 */
export class Mirror {
  readonly #version: Int32Array;
  readonly #slabs: Float64Array[] = [];
  readonly #chunks: Uint16Array[] = [];
  readonly #families: Map<number, MirroredFamily> = new Map();
  #at = CHUNK_HEAD;
  #collectors = false;

  constructor(version: Int32Array) {
    this.#version = version;
  }

  /** Takes over memory that the journal handed out. */
  add(part: SharedPart): void {
    if ("slab" in part) this.#slabs[part.index] = part.slab;
    else {
      this.#chunks.push(part.chunk);
      this.#follow(); // so that what is read need not be kept, also when nobody scrapes
    }
  }

  /** Names of the metrics whose values the thread must be asked for, and whether it has collectors. */
  asked(): { readonly names: readonly string[]; readonly collectors: boolean } {
    this.#follow();
    return { names: [...this.#families.values()].filter(({ ask }) => ask).map(({ entry }) => entry.name), collectors: this.#collectors };
  }

  /** What can be read without asking. */
  read(): FamilySnapshot[] {
    for (let tries = 0; ; tries++) {
      const before = Atomics.load(this.#version, 0);
      // A writer that is stopped in the middle of a move (a paused thread) must not stop us: after many tries take what is there.
      if (before % 2 !== 0 && tries < TRIES) continue;
      this.#follow();
      const families = [...this.#families.values()].filter(({ ask }) => !ask).map((family) => this.#snapshot(family));
      if (Atomics.load(this.#version, 0) === before || tries >= TRIES) return families;
    }
  }

  #snapshot(family: MirroredFamily): FamilySnapshot {
    const { entry, table } = family;
    const { length } = table;
    family.captured = true;
    const { stride, native } = entry;
    const rows = copyRows({ slabs: this.#slabs, blocks: family.blocks, stride }, length);
    if (native !== 0) this.#settle(rows, family);
    const points: Pick<FamilyData, "values" | "bounds" | "natives"> =
      entry.type === "histogram" ? histogramPoints(rows, length, { stride, bounds: entry.bounds ?? undefined, native }) : { values: rows };
    return new FamilySnapshot({
      name: entry.name,
      type: entry.type as MetricType,
      help: entry.help,
      unit: entry.unit,
      rule: entry.rule as MergeRule,
      constants: entry.constants,
      table,
      length,
      ...(hasBeginning(entry.type as MetricType) ? { created: family.created } : {}),
      ...points,
    });
  }

  /** Reads native histograms again that were being moved while they were copied. */
  #settle(rows: Float64Array, family: MirroredFamily): void {
    const { stride, native } = family.entry;
    let row = 0;
    for (const { slot, rows: count } of family.blocks) {
      const slab = this.#slabs[slot >> SLAB_SHIFT]!;
      for (let k = 0; k < count && row < family.table.length; k++, row++) {
        const at = (slot & SLAB_MASK) + k * stride;
        for (let tries = 0; tries < TRIES && !settled(rows[row * stride + native + VERSION]!, slab[at + native + VERSION]!); tries++) {
          rows.set(slab.subarray(at, at + stride), row * stride);
        }
      }
    }
  }

  /** Applies the entries that were written since. */
  #follow(): void {
    for (;;) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) return;
      const complete = Atomics.load(new Int32Array(chunk.buffer, 0, 1), 0);
      while (this.#at < complete) this.#apply(chunk);
      if (this.#chunks.length === 1) return;
      this.#chunks.shift();
      this.#at = CHUNK_HEAD;
    }
  }

  #apply(chunk: Uint16Array): void {
    const kind = chunk[this.#at++]!;
    const id = this.#take32(chunk);
    if (kind === FAMILY) {
      const entry = JSON.parse(this.#takeText(chunk, this.#take32(chunk))) as FamilyEntry;
      this.#families.set(id, { entry, ...noRows(entry), ask: false });
      return;
    }
    if (kind === ASK && id === NONE) {
      this.#collectors = true;
      return;
    }
    const family = this.#families.get(id)!;
    if (kind === ROW) this.#row(chunk, family);
    else if (kind === REMOVED) this.#families.delete(id);
    else if (kind === ASK) family.ask = true;
    else if (kind === ANEW) Object.assign(family, noRows(family.entry));
    else if (kind === SWAPPED) swapOut(family, this.#take32(chunk));
  }

  #row(chunk: Uint16Array, family: MirroredFamily): void {
    const row = this.#take32(chunk);
    const slot = this.#take32(chunk);
    for (let k = 0; k < 4; k++) doubleUnits[k] = chunk[this.#at++]!;
    const created = double[0]!;
    family.table.add(family.entry.labelNames.map(() => this.#takeText(chunk, chunk[this.#at++]!)));
    if (row >= family.created.length) {
      const wider = new Float64Array(family.created.length * 2);
      wider.set(family.created);
      family.created = wider;
    }
    family.created[row] = created;
    if (row < family.room) return;
    family.room = row + 1;
    const last = family.blocks.at(-1);
    const next = last === undefined ? -1 : last.slot + last.rows * family.entry.stride;
    if (last !== undefined && next === slot && next >> SLAB_SHIFT === last.slot >> SLAB_SHIFT)
      family.blocks[family.blocks.length - 1] = { slot: last.slot, rows: last.rows + 1 };
    else family.blocks.push({ slot, rows: 1 });
  }

  #take32(chunk: Uint16Array): number {
    const low = chunk[this.#at++]!;
    return (low | (chunk[this.#at++]! << 16)) >>> 0;
  }

  #takeText(chunk: Uint16Array, length: number): string {
    const start = this.#at;
    this.#at += length;
    // A TextDecoder refuses shared memory, so a copy is made. Journals are written and read on one machine: its byte order is the text's.
    return decoder.decode(chunk.slice(start, this.#at));
  }
}

const noRows = (entry: FamilyEntry): Omit<MirroredFamily, "entry" | "ask"> => ({
  table: new SeriesTable(entry.labelNames),
  blocks: [],
  room: 0,
  created: new Float64Array(4),
  captured: false,
});

function swapOut(family: MirroredFamily, row: number): void {
  const last = family.table.length - 1;
  if (family.captured) {
    family.table = family.table.filtered(() => true);
    family.created = family.created.slice();
    family.captured = false;
  }
  family.table.removeAt(row);
  family.created[row] = family.created[last]!;
}

const settled = (copied: number, live: number): boolean => copied === live && live % 2 === 0;
