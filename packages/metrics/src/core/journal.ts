import type { Family, RegistryWatcher } from "./family.ts";
import { HistogramData } from "./histogram.ts";
import type { Registry } from "./registry.ts";
import { SummaryData } from "./summary.ts";

/**
 * What a registry's slabs mean, written where another thread can read it while this one is busy: which metrics there are, and which label set
 * is at which slot. Values are not in it; they are in the slabs. Entries are 16-bit units in chunks of shared memory, in the order of events:
 *
 *   FAMILY id length json          REMOVED id            ROW id row slot created (label length, label text)...
 *   ANEW   id (rows follow again)  SWAPPED id row (it is gone, the last one took its place)
 *   ASK id (the owner must be asked for this metric's values; NONE: for its collectors)
 *
 * The first two units of a chunk are the count of units that are complete.
 */
export const FAMILY = 1;
export const ROW = 2;
export const REMOVED = 3;
export const ANEW = 4;
export const ASK = 5;
export const SWAPPED = 6;
export const NONE = 0xffffffff;

/** Units that the count at a chunk's start takes. */
export const CHUNK_HEAD = 2;
const CHUNK_UNITS = 65_536;

/** What a reader needs of a metric; the JSON of a FAMILY entry. */
export interface FamilyEntry {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly unit: string;
  readonly rule: string;
  readonly labelNames: readonly string[];
  readonly constants: readonly (readonly [string, string])[];
  readonly stride: number;
  readonly bounds: readonly number[] | null;
  readonly native: number;
}

/** Memory that a reader must be given. */
export type SharedPart = { readonly slab: Float64Array; readonly index: number } | { readonly chunk: Uint16Array };

export interface JournalOptions {
  /** One number in shared memory: odd while rows are being moved. A reader that sees it odd or changed reads again. */
  readonly version: Int32Array;
  /** Is given every new slab and chunk, before anything refers to it. */
  readonly post: (part: SharedPart) => void;
}

export class Journal implements RegistryWatcher {
  readonly #version: Int32Array;
  readonly #post: (part: SharedPart) => void;
  readonly #ids: Map<Family, number> = new Map();
  #chunk: Uint16Array = new Uint16Array(0);
  #count: Int32Array = new Int32Array(1);
  #at = 0;
  #nextId = 0;

  constructor(registry: Registry, options: JournalOptions) {
    const { version, post } = options;
    this.#version = version;
    this.#post = post;
    const { families, read, arena, collectors } = registry.watch(this);
    for (const [index, slab] of arena.slabs.entries()) post({ slab, index });
    arena.onSlab = (slab, index) => post({ slab, index });
    if (collectors) this.mustAsk();
    for (const family of families) {
      this.familyAdded(family);
      if (read.has(family)) this.mustAsk(family);
    }
  }

  familyAdded(family: Family): void {
    const id = this.#nextId++;
    this.#ids.set(family, id);
    const { definition } = family;
    const histogram = family instanceof HistogramData ? family : undefined;
    const entry: FamilyEntry = {
      name: family.name,
      type: definition.type,
      help: definition.help,
      unit: definition.unit,
      rule: definition.rule,
      labelNames: family.labelNames,
      constants: family.home.constants,
      stride: family.rows.stride,
      bounds: histogram?.shape.bounds ?? null,
      native: histogram?.native ?? 0,
    };
    const json = JSON.stringify(entry);
    this.#reserve(5 + json.length);
    this.#put(FAMILY);
    this.#put32(id);
    this.#put32(json.length);
    this.#putText(json);
    this.#publish();
    if (family instanceof SummaryData || definition.expireAfterMs !== undefined || family.exemplars !== undefined) this.mustAsk(family);
    this.#allRows(family);
  }

  familyRemoved(family: Family): void {
    this.#short(REMOVED, this.#ids.get(family)!);
    this.#ids.delete(family);
  }

  rowAdded(family: Family, row: number): void {
    const id = this.#ids.get(family);
    if (id === undefined) return; // still being made; familyAdded writes its rows
    const values = family.table.values(row) as string[];
    this.#reserve(values.reduce((units, value) => units + 1 + value.length, 11));
    this.#put(ROW);
    this.#put32(id);
    this.#put32(row);
    this.#put32(family.rows.slotOf(row));
    this.#putDouble(family.rows.created?.[row] ?? Number.NaN);
    for (const value of values) {
      this.#put(value.length);
      this.#putText(value);
    }
    this.#publish();
  }

  rowsMoving(_family: Family): void {
    Atomics.add(this.#version, 0, 1);
  }

  rowsMoved(family: Family, swapped?: number): void {
    const id = this.#ids.get(family);
    if (id !== undefined && swapped !== undefined) {
      this.#reserve(5);
      this.#put(SWAPPED);
      this.#put32(id);
      this.#put32(swapped);
      this.#publish();
    } else if (id !== undefined) {
      this.#short(ANEW, id);
      this.#allRows(family);
    }
    Atomics.add(this.#version, 0, 1);
  }

  mustAsk(family?: Family): void {
    this.#short(ASK, family === undefined ? NONE : this.#ids.get(family)!);
  }

  #allRows(family: Family): void {
    for (let row = 0; row < family.table.length; row++) this.rowAdded(family, row);
  }

  #short(kind: number, id: number): void {
    this.#reserve(3);
    this.#put(kind);
    this.#put32(id);
    this.#publish();
  }

  #reserve(units: number): void {
    if (this.#at + units <= this.#chunk.length) return;
    const buffer = new SharedArrayBuffer(2 * Math.max(CHUNK_UNITS, CHUNK_HEAD + units));
    this.#chunk = new Uint16Array(buffer);
    this.#count = new Int32Array(buffer, 0, 1);
    this.#at = CHUNK_HEAD;
    this.#post({ chunk: this.#chunk });
  }

  #put(unit: number): void {
    this.#chunk[this.#at++] = unit;
  }

  #put32(value: number): void {
    this.#put(value & 0xffff);
    this.#put(value >>> 16);
  }

  #putDouble(value: number): void {
    double[0] = value;
    for (const unit of doubleUnits) this.#put(unit);
  }

  #putText(text: string): void {
    for (let k = 0; k < text.length; k++) this.#chunk[this.#at++] = text.charCodeAt(k);
  }

  #publish(): void {
    Atomics.store(this.#count, 0, this.#at);
  }
}

const double = new Float64Array(1);
const doubleUnits = new Uint16Array(double.buffer);
