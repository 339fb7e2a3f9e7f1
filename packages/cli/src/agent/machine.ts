import { type Collector, Registry } from "@inferometer/metrics";
import {
  container,
  type GpuCollector,
  gpu,
  type HostCollector,
  type HostIgnore,
  host,
  process as processMetrics,
} from "@inferometer/metrics/collectors";
import type { Selection } from "@inferometer/metrics/exporter";
import { type Choice, choose, keyOf } from "./choice.ts";

/** How this machine is read. */
export interface MachineOptions {
  readonly nvidia: "nvidia-smi" | "nvml" | false;
  readonly ignore: HostIgnore;
  readonly procPath: string;
  readonly sysPath: string;
  readonly rootfs: string;
}

/** So many selections of scrapes are kept; they are as many as Prometheus has jobs for this machine. */
const MOST_SELECTIONS = 8;

/** A registry with collectors, and a wait for those that answer late. */
interface Open {
  readonly registry: Registry;
  settled(): Promise<unknown>;
}

/** The machine's metrics: all that were chosen, and selections of them that scrapes ask for. */
export class Machine implements AsyncDisposable {
  readonly #choice: Choice;
  readonly #options: MachineOptions;
  readonly #all: Open;
  /** By key, the one asked for last at the end. */
  readonly #selections: Map<string, Open> = new Map();

  constructor(choice: Choice, options: MachineOptions) {
    this.#choice = choice;
    this.#options = options;
    this.#all = open(choice, options);
  }

  get registry(): Registry {
    return this.#all.registry;
  }

  /** Waits for GPUs, network mounts and slow sensors, 5 s at most. A server need not. */
  async settled(): Promise<void> {
    await this.#all.settled();
  }

  /** For `serve`. Each selection has collectors of its own: what it does not name is not read. Throws OPTION_INVALID. */
  select(selection: Selection): Registry {
    const choice = choose(selection, { from: this.#choice, where: "This agent" });
    const key = keyOf(choice);
    if (key === keyOf(this.#choice)) return this.registry;
    const found = this.#selections.get(key) ?? open(choice, this.#options);
    this.#selections.delete(key);
    this.#selections.set(key, found);
    for (const [oldest, { registry }] of this.#selections) {
      if (this.#selections.size <= MOST_SELECTIONS) break;
      this.#selections.delete(oldest);
      void registry.close(); // a scrape of it that is under way still gets what it asked for
    }
    return found.registry;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#all, ...this.#selections.values()].map(({ registry }) => registry.close()));
  }
}

function open({ parts, beside }: Choice, options: MachineOptions): Open {
  const { nvidia, ignore, procPath, sysPath, rootfs } = options;
  const collectors: Collector[] = [];
  const late: (HostCollector | GpuCollector)[] = [];
  const paths = { procPath, sysPath };
  if (parts.length > 0) {
    const machine = host({ ...paths, rootfs, ignore, include: parts });
    late.push(machine);
    collectors.push(machine);
  }
  // Its own control group and its own process are where the agent is, not where the machine's files are seen.
  if (beside.includes("container")) collectors.push(container());
  if (beside.includes("gpu")) {
    const gpus = gpu({ ...paths, nvidia });
    late.push(gpus);
    collectors.push(gpus);
  }
  // A timer that samples the event loop would be work while nobody asks.
  if (beside.includes("process")) collectors.push(processMetrics({ eventLoopInterval: false }));
  const registry = new Registry();
  registry.register(...collectors);
  return { registry, settled: () => Promise.all(late.map((collector) => collector.settled())) };
}
