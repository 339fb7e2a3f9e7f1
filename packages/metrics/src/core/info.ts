import { type Child, type Definition, Family, type Home } from "./family.ts";
import type { Labels } from "./labels.ts";

const NO_HANDLE: Child = { attach: () => {} };

/** The series behind an Info: one row, value 1. */
export class InfoData extends Family {
  constructor(home: Home, definition: Definition) {
    super(home, definition, 1);
    this.layOut();
  }

  override recordAt(): void {}

  protected override prepare(row: number): void {
    this.cellsOf(row)[this.placeOf(row)] = 1;
  }

  override reset(): void {} // a fact is no count

  protected override makeChild(): Child {
    return NO_HANDLE;
  }
}

/**
 * Facts about the program as labels of a series that is always 1.
 *
 * @example
 * const application = metrics.info("application_info", { help: "What runs here.", labels: ["version", "environment"] });
 * application.set({ version: "1.4.0", environment: "production" });
 */
export class Info<L extends object = Labels> {
  readonly #data: InfoData;

  /** @internal Made by a registry. */
  constructor(data: InfoData) {
    this.#data = data;
  }

  /** Says the facts; what was said before is forgotten. */
  set(labels: L): void {
    if (this.#data.existingRow(labels) !== -1) return;
    this.#data.clear();
    this.#data.rowOf(labels);
  }
}
