import { type Arena, SLAB_MASK, SLAB_SHIFT } from "./arena.ts";
import type { Clock } from "./clock.ts";
import { type ExemplarStore, exemplarsOf } from "./exemplar.ts";
import { checkedLabels } from "./label-check.ts";
import type { DeclaredLabels } from "./labels.ts";
import { lateRecorder } from "./late-recorder.ts";
import { makeRecorder, type Recorder } from "./lookup.ts";
import { Rows } from "./rows.ts";
import { SeriesTable } from "./series-table.ts";
import { type FamilyData, FamilySnapshot, hasBeginning, type MergeRule, type MetricType } from "./snapshot.ts";

/** What a family needs of the registry it lives in. */
export interface Home {
  readonly arena: Arena;
  readonly clock: Clock;
  readonly constants: readonly (readonly [name: string, value: string])[];
  /** Whether the registry may have another series, of this metric. */
  hasRoom(metric: string): boolean;
  /** Counts series that came, or (below 0) went. */
  countSeries(change: number): void;
  /** Counts a record that went to the overflow series. */
  countOverflow(metric: string): void;
  /** Those who mirror the registry in another thread; undefined: nobody. */
  readonly watcher: RegistryWatcher | undefined;
  /** Whose metrics are being registered; undefined: the program's own. */
  readonly collector: object | undefined;
}

/** Who wants to know what a registry's slabs mean (the values themselves are shared memory). */
export interface RegistryWatcher {
  familyAdded(family: Family): void;
  familyRemoved(family: Family): void;
  rowAdded(family: Family, row: number): void;
  /** Around a change that moves or removes rows. */
  rowsMoving(family: Family): void;
  /** `swapped`: all that happened is that this row was removed and the last one took its place. */
  rowsMoved(family: Family, swapped?: number): void;
  /** This metric (or, without one, the collectors) has values that are not in the slabs. */
  mustAsk(family?: Family): void;
}

/** A metric's definition, checked. */
export interface Definition {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly unit: string;
  readonly labels: DeclaredLabels;
  readonly rule: MergeRule;
  readonly seriesLimit: number;
  /** Milliseconds without a record after which a series is dropped; undefined: never. */
  readonly expireAfterMs: number | undefined;
}

/** One series, held: it knows where its numbers are. */
export interface Child {
  /** Points the handle at a row's numbers; `row` -1: at numbers that nobody reads, since its series was removed. */
  attach(row: number): void;
}

/** The value that every label of the overflow series has. */
export const OVERFLOW = "__overflow__";

/** Up to so many numbers a snapshot is kept, so that the next one can be the same object where nothing has changed. */
const MOST_KEPT = 64;

const NO_RECORDER: Recorder = { record: () => {}, reset: () => {} };

/** Closed label sets are laid out at once, unless their product is larger than this. */
const MAX_LAID_OUT = 256;

/**
 * A metric with all its series: which label sets it has, where their numbers are, and what may join. The subclasses say what a record does.
 *
 * A record with labels: lookup.ts finds the row -> `recordAt(cells, at, value)` writes. The first sight of a label set: `rowOf` checks it, once.
 */
export abstract class Family<C extends Child = Child> {
  readonly definition: Definition;
  readonly name: string;
  readonly labelNames: readonly string[];
  readonly home: Home;
  readonly rows: Rows;
  table: SeriesTable;
  /** The row that takes what is over the limit; -1 while there is none. */
  overflowRow = -1;
  /** Undefined: none yet. */
  exemplars: ExemplarStore | undefined;
  protected readonly recorder: Recorder = NO_RECORDER;
  #children: C[] = []; // by row; with holes
  readonly #lastUsed: Map<C, number> | undefined;
  #last: FamilySnapshot | undefined;
  #captured = false;
  #removed = 0;
  #retired = false;

  constructor(home: Home, definition: Definition, stride: number) {
    this.home = home;
    this.definition = definition;
    this.name = definition.name;
    this.labelNames = definition.labels.names;
    this.table = new SeriesTable(this.labelNames);
    this.rows = new Rows(home.arena, { stride, keepsCreated: hasBeginning(definition.type) });
    if (definition.expireAfterMs !== undefined) this.#lastUsed = new Map();
    if (this.labelNames.length > 0) this.recorder = home.collector === undefined ? makeRecorder(this as Family) : lateRecorder(this as Family);
  }

  /** Writes a record to a row's numbers. */
  abstract recordAt(cells: Float64Array, at: number, value?: number, options?: unknown): void;
  /** A new handle, not yet attached. */
  protected abstract makeChild(row: number): C;

  /** What the family holds at this moment; the same object as the last time where nothing has changed (not for large families). */
  snapshot(): FamilySnapshot {
    const { definition, table, rows } = this;
    const { length } = table;
    const last = this.#last;
    if (last !== undefined && last.table === table && last.length === length && last.created === rows.created && rows.hold(last.values)) return last;
    this.#captured = true;
    const snapshot = new FamilySnapshot({
      name: this.name,
      type: definition.type,
      help: definition.help,
      unit: definition.unit,
      rule: definition.rule,
      constants: this.home.constants,
      table,
      length,
      ...(rows.created === undefined ? {} : { created: rows.created }),
      ...(this.exemplars === undefined ? {} : { exemplars: exemplarsOf(this.exemplars) }),
      ...this.points(length),
    });
    this.#last = this.isPlain && this.exemplars === undefined && snapshot.values.length <= MOST_KEPT ? snapshot : undefined;
    return snapshot;
  }

  /** Whether the values of a snapshot are the rows' numbers and nothing else. */
  protected get isPlain(): boolean {
    return true;
  }

  /** The part of a snapshot that depends on the type. */
  protected points(length: number): Pick<FamilyData, "values" | "bounds" | "quantiles" | "natives"> {
    return { values: this.rows.copy(length) };
  }

  /** Whether `recordAt` is given a row's number for its place: where a record needs more than numbers. */
  get placeIsRow(): boolean {
    return false;
  }

  /** The slab that holds a row's numbers. */
  cellsOf(row: number): Float64Array {
    return this.home.arena.slabs[this.rows.slotOf(row) >> SLAB_SHIFT]!;
  }

  /** Where in its slab a row begins. */
  placeOf(row: number): number {
    return this.rows.slotOf(row) & SLAB_MASK;
  }

  /** The row that begins at a place: for what is recorded seldom, such as exemplars. */
  protected rowAt(cells: Float64Array, at: number): number {
    return this.rows.rowAt((this.home.arena.slabs.indexOf(cells) << SLAB_SHIFT) | at);
  }

  /** The row of a label set, created if it is new and allowed. Throws LABELS_REQUIRED, LABEL_UNKNOWN, LABEL_MISSING, LABEL_VALUE_INVALID. */
  rowOf(labels: object | undefined | null): number {
    const values = checkedLabels(labels, this.definition);
    const found = this.table.find(values);
    if (found !== -1) return found;
    if (!this.#hasRoom()) return this.#overflow();
    const row = this.#open(values);
    this.#layOutSiblings(values);
    return row;
  }

  /** The row of a label set, or -1; creates nothing. Checks as `rowOf` does. */
  existingRow(labels: object | undefined): number {
    return this.table.find(checkedLabels(labels, this.definition));
  }

  /** The handle of a row. */
  childAt(row: number): C {
    let child = this.#children[row];
    if (child === undefined) {
      child = this.makeChild(row);
      if (row === 0 && this.#children.length === 0)
        this.#children = [child]; // an element set beyond the end makes room for sixteen more
      else this.#children[row] = child;
      this.#lastUsed?.set(child, this.home.clock.coarse());
    }
    return child;
  }

  /**
   * For a family whose series expire: notes that a handle was used, and brings its series back if it had expired meanwhile. Without labels: of the
   * overflow series. Returns the handle to record with: another one where the series came back by that.
   */
  touch(child: C, labels: object | undefined): C {
    let used = child;
    if (!this.#lastUsed!.has(child)) {
      const row = labels === undefined ? this.#overflow() : this.rowOf(labels);
      const other = this.#children[row];
      if (other === undefined) {
        child.attach(row);
        this.#children[row] = child;
      } else used = other;
    }
    this.#lastUsed!.set(used, this.home.clock.coarse());
    return used;
  }

  /** Removes a series; false if there was none. Handles of it count nowhere from then on. */
  removeRow(row: number): boolean {
    if (row < 0) return false;
    // A snapshot reads the table for as long as it lives, so a table that one has seen is left to it and a new one made.
    const inPlace = !this.#captured && this.#removed < this.table.length + 64;
    if (inPlace) this.#change(() => this.#swapOut(row), row);
    else this.#change(() => this.#rebuild((other) => other !== row));
    return true;
  }

  /** Removes every series. */
  clear(): void {
    this.#change(() => this.#rebuild(() => false));
  }

  /** Removes every series for good: what is still recorded counts nowhere. */
  retire(): void {
    this.clear();
    this.#retired = true;
  }

  /** Sets every number to zero; label sets stay. Subclasses also forget what they hold elsewhere. */
  reset(): void {
    const now = this.home.clock.time();
    this.#change(() => {
      if (this.#captured) this.rows.detachCreated();
      for (let row = 0; row < this.table.length; row++) {
        this.rows.open(row, now);
        this.prepare(row);
      }
    });
    this.exemplars = undefined;
  }

  /** Says when a series began, in seconds since 1970; NaN: not known. */
  begin(row: number, since: number): void {
    this.#change(() => {
      if (this.#captured) this.rows.detachCreated();
      this.rows.created![row] = since;
    });
  }

  /** Drops the series that were not used for `expireAfterMs`. */
  expire(): void {
    const { expireAfterMs } = this.definition;
    if (expireAfterMs === undefined) return;
    const oldest = this.home.clock.now() - expireAfterMs;
    const idle = (row: number): boolean => {
      const child = this.#children[row];
      return child !== undefined && (this.#lastUsed!.get(child) ?? Number.POSITIVE_INFINITY) <= oldest;
    };
    let any = false;
    for (let row = 0; row < this.table.length && !any; row++) any = idle(row);
    if (any) this.#change(() => this.#rebuild((row) => !idle(row)));
  }

  /** The single row of a family without labels, or all rows of closed label sets: they exist from the start, at zero. */
  protected layOut(): void {
    if (this.labelNames.length === 0) this.#open([]);
    else if (this.definition.labels.closed.every((values) => values !== undefined)) this.#layOutSiblings([]);
  }

  /** Called with a new row, or one that was reset, whose numbers are zero. */
  protected prepare(_row: number): void {}

  #hasRoom(): boolean {
    return !this.#retired && this.table.length < this.definition.seriesLimit && this.home.hasRoom(this.name);
  }

  #count(change: number): void {
    if (!this.#retired) this.home.countSeries(change);
  }

  #open(values: readonly string[]): number {
    const row = this.table.add(values);
    this.#count(1);
    this.rows.open(row, this.home.clock.time());
    this.prepare(row);
    this.home.watcher?.rowAdded(this as unknown as Family, row);
    return row;
  }

  #overflow(): number {
    if (!this.#retired) this.home.countOverflow(this.name);
    if (this.overflowRow === -1) {
      const values = this.labelNames.map(() => OVERFLOW);
      const own = this.table.find(values); // a caller may have used these values
      this.overflowRow = own === -1 ? this.#open(values) : own;
    }
    return this.overflowRow;
  }

  /** With closed sets a new `model` gets all its `status` series at once, so that a rate over them starts from zero. */
  #layOutSiblings(values: readonly string[]): void {
    if (this.definition.type === "info") return; // a fact is said: none holds before
    const { closed } = this.definition.labels;
    const size = closed.reduce((product, set) => product * (set?.length ?? 1), 1);
    if (size === 1 || size > MAX_LAID_OUT) return;
    let sets: string[][] = [[]];
    closed.forEach((set, k) => {
      sets = sets.flatMap((start) => (set ?? [values[k]!]).map((value) => [...start, value]));
    });
    for (const set of sets) {
      if (this.table.find(set) !== -1) continue;
      if (!this.#hasRoom()) return;
      this.#open(set);
    }
  }

  #change(change: () => void, swapped?: number): void {
    const { watcher } = this.home;
    watcher?.rowsMoving(this as unknown as Family);
    change();
    this.recorder.reset();
    watcher?.rowsMoved(this as unknown as Family, swapped);
  }

  #swapOut(row: number): void {
    const last = this.table.length - 1;
    this.rows.move(last, row);
    this.table.removeAt(row);
    this.#removed++;
    this.#renumber((other) => (other === row ? -1 : other === last ? row : other));
    this.#count(-1);
  }

  #rebuild(keep: (row: number) => boolean): void {
    const before = this.table;
    const kept = Array.from({ length: before.length }, (_, row) => keep(row));
    const becomes = new Int32Array(before.length).fill(-1);
    if (this.#captured) this.rows.detachCreated();
    let next = 0;
    for (let row = 0; row < before.length; row++) {
      if (!kept[row]) continue;
      if (row !== next) this.rows.move(row, next);
      becomes[row] = next++;
    }
    this.table = before.filtered((row) => kept[row]!);
    this.#captured = false;
    this.#removed = 0;
    this.#renumber((row) => becomes[row] ?? -1);
    this.#count(next - before.length);
  }

  #renumber(renumber: (row: number) => number): void {
    const children = this.#children;
    this.#children = [];
    children.forEach((child, row) => {
      const now = renumber(row);
      child.attach(now);
      if (now === -1) this.#lastUsed?.delete(child);
      else this.#children[now] = child;
    });
    if (this.overflowRow !== -1) this.overflowRow = renumber(this.overflowRow);
    if (this.exemplars === undefined) return;
    const kept = [...this.exemplars].filter(([row]) => renumber(row) !== -1).map(([row, held]) => [renumber(row), held] as const);
    this.exemplars = kept.length === 0 ? undefined : new Map(kept);
  }
}
