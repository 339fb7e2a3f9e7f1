import type { Clock } from "./clock.ts";
import type { Collector } from "./collector.ts";
import { InferometerError, shown } from "./errors.ts";
import type { GaugeFamily } from "./gauge.ts";
import type { Registry } from "./registry.ts";
import type { Snapshot } from "./snapshot.ts";

/** How a collector did at the last collection. */
export interface CollectorState {
  readonly name: string;
  readonly required: boolean;
  /** True before the first collection. */
  readonly ok: boolean;
  readonly durationSeconds: number;
  /** Why it failed. */
  readonly error?: string;
}

/** What a collection brought. */
export interface Collected {
  readonly snapshot: Snapshot;
  readonly collectors: readonly CollectorState[];
  /** Names of the metrics that were left out, since their collector failed. Default: none. */
  readonly missing?: readonly string[];
}

interface Member {
  readonly collector: Collector;
  state: CollectorState;
  /** The call that is under way, also when the scrape that made it has gone on without it. */
  running: Promise<void> | undefined;
}

type CollectorGauge = GaugeFamily<{ readonly collector: string }>;

/** Runs a registry's collectors: all at once, each on its own, none able to fail or hold up the rest. */
export class CollectorRunner {
  readonly #registry: Registry;
  readonly #clock: Clock;
  readonly #members: Map<string, Member> = new Map();
  #success: CollectorGauge | undefined;
  #duration: CollectorGauge | undefined;

  constructor(registry: Registry, clock: Clock) {
    this.#registry = registry;
    this.#clock = clock;
  }

  /** Throws COLLECTOR_CONFLICT, OPTION_INVALID. */
  check(collector: Collector): void {
    if (typeof collector?.name !== "string" || collector.name === "")
      throw new InferometerError("OPTION_INVALID", `A collector's name is ${shown(collector?.name)}. Give it a name.`);
    if (this.#members.has(collector.name)) {
      throw new InferometerError(
        "COLLECTOR_CONFLICT",
        `A collector ${shown(collector.name)} is registered already. Register it once, or unregister the first.`,
      );
    }
  }

  add(collector: Collector): void {
    const state = { name: collector.name, required: collector.required ?? false, ok: true, durationSeconds: 0 };
    this.#successes().set({ collector: collector.name }, 1); // first: it throws if somebody else has that name
    this.#members.set(collector.name, { collector, state, running: undefined });
  }

  /** Takes a collector out and closes it. */
  remove(name: string): Collector | undefined {
    const member = this.#members.get(name);
    if (member === undefined) return undefined;
    this.#members.delete(name);
    this.#successes().remove({ collector: name });
    this.#durations().remove({ collector: name });
    void closed(member.collector);
    return member.collector;
  }

  states(): CollectorState[] {
    return [...this.#members.values()].map((member) => member.state);
  }

  /** Asks all collectors; returns those that failed. */
  async run(signal: AbortSignal = new AbortController().signal): Promise<Set<Collector>> {
    const members = [...this.#members.values()];
    if (members.length === 0) return new Set();
    await Promise.all(members.map((member) => this.#ask(member, signal)));
    const failed = new Set<Collector>();
    for (const { collector, state } of members) {
      if (!this.#members.has(collector.name)) continue;
      if (!state.ok) failed.add(collector);
      this.#successes().set({ collector: collector.name }, state.ok ? 1 : 0);
      this.#durations().set({ collector: collector.name }, state.durationSeconds);
    }
    return failed;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#members.values()].map((member) => closed(member.collector)));
  }

  async #ask(member: Member, signal: AbortSignal): Promise<void> {
    const start = this.#clock.now();
    let error: string | undefined;
    try {
      // One that still works for an earlier scrape is waited for, not started again.
      member.running ??= started(member, signal);
      await beforeAbort(member.running, signal);
    } catch (reason) {
      error = reason instanceof Error ? reason.message : typeof reason === "string" ? reason : shown(reason);
    }
    const { name, required } = member.state;
    const durationSeconds = (this.#clock.now() - start) / 1000;
    member.state = { name, required, ok: error === undefined, durationSeconds, ...(error === undefined ? {} : { error }) };
  }

  // Both are declared again when somebody has removed them, and only then: each declaration is checked as a whole.

  #successes(): CollectorGauge {
    const name = "scrape_collector_success";
    if (this.#success === undefined || this.#registry.get(name) !== this.#success)
      this.#success = this.#registry.gauge(name, { help: "Whether a collector succeeded.", labels: ["collector"], merge: "min" });
    return this.#success;
  }

  #durations(): CollectorGauge {
    const name = "scrape_collector_duration_seconds";
    if (this.#duration === undefined || this.#registry.get(name) !== this.#duration)
      this.#duration = this.#registry.gauge(name, { help: "Time that a collector took.", labels: ["collector"], merge: "max" });
    return this.#duration;
  }
}

function started(member: Member, signal: AbortSignal): Promise<void> {
  const running = (async () => member.collector.collect({ signal }))().finally(() => {
    member.running = undefined;
  });
  running.catch(() => {}); // reported to whoever waits; nobody may
  return running;
}

function beforeAbort(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new Error("not ready when the scrape's time was over"));
    if (signal.aborted) {
      late();
      return;
    }
    signal.addEventListener("abort", late, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", late));
  });
}

async function closed(collector: Collector): Promise<void> {
  try {
    await collector.close?.();
  } catch {
    // Closing is best effort: what cannot be closed must not keep the others open.
  }
}
