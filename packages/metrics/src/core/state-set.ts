import { InferometerError, shown } from "./errors.ts";
import { type Child, type Definition, Family, type Home } from "./family.ts";
import type { Labels } from "./labels.ts";

const NO_HANDLE: Child = { attach: () => {} };

/** The series behind a StateSet: a row a state, 0 or 1; the last label, named like the metric, holds the state. */
export class StateSetData extends Family {
  readonly states: readonly string[];

  constructor(home: Home, definition: Definition, states: readonly string[]) {
    super(home, definition, 1);
    this.states = states;
    this.layOut();
  }

  override recordAt(cells: Float64Array, at: number, value = 0): void {
    cells[at] = value;
  }

  protected override makeChild(): Child {
    return NO_HANDLE;
  }
}

/**
 * Which of some states hold: a state set without labels, or one label set of a StateSetFamily.
 *
 * @example
 * const link = metrics.stateSet("link_state", { help: "State of the camera link.", states: ["up", "degraded", "down"] });
 * link.set("up"); // up 1, degraded 0, down 0
 */
export class StateSet<State extends string = string> {
  readonly #data: StateSetData;
  readonly #labels: object;

  /** @internal Made by a registry or a family. */
  constructor(data: StateSetData, labels: object = {}) {
    this.#data = data;
    this.#labels = { ...labels };
  }

  /** Makes `state` the one that holds. Throws VALUE_INVALID for a state that was not declared. */
  set(state: State): void {
    this.#check(state);
    for (const other of this.#data.states) this.#write(other, other === state ? 1 : 0);
  }

  /** Switches one state on, whatever the others are. Throws VALUE_INVALID for a state that was not declared. */
  enable(state: State): void {
    this.#check(state);
    this.#write(state, 1);
  }

  /** Switches one state off. Throws VALUE_INVALID for a state that was not declared. */
  disable(state: State): void {
    this.#check(state);
    this.#write(state, 0);
  }

  #write(state: string, value: number): void {
    const row = this.#data.rowOf({ ...this.#labels, [this.#data.name]: state });
    this.#data.recordAt(this.#data.cellsOf(row), this.#data.placeOf(row), value);
  }

  #check(state: string): void {
    if (this.#data.states.includes(state)) return;
    throw new InferometerError(
      "VALUE_INVALID",
      `${this.#data.name} has no state ${shown(state)} (${this.#data.states.join(", ")}). Use one of these, or declare it.`,
    );
  }
}

/**
 * A state set with labels.
 *
 * @example
 * const link = metrics.stateSet("link_state", { help: "State of a camera's link.", states: ["up", "down"], labels: ["source"] });
 * link.set({ source: "door" }, "up");
 */
export class StateSetFamily<State extends string = string, L extends object = Labels> {
  readonly #data: StateSetData;

  /** @internal Made by a registry. */
  constructor(data: StateSetData) {
    this.#data = data;
  }

  /** The state set of these labels. */
  labels(labels: L): StateSet<State> {
    return new StateSet(this.#data, labels);
  }

  /** Makes `state` the one that holds for these labels. Throws VALUE_INVALID for a state that was not declared, and the label errors. */
  set(labels: L, state: State): void {
    this.labels(labels).set(state);
  }

  /** Removes every series. */
  clear(): void {
    this.#data.clear();
  }
}
