import type { Clock } from "../../core/clock.ts";

/** What can be said of a GPU; gpu-metrics.ts has the names under which it is told. */
export type GpuMetricName =
  | "utilization"
  | "idle"
  | "memoryTotal"
  | "memoryUsed"
  | "memoryFree"
  | "memoryReserved"
  | "hostMemoryTotal"
  | "hostMemoryUsed"
  | "temperature"
  | "power"
  | "powerLimit"
  | "energy"
  | "clock"
  | "clockMax"
  | "fan"
  | "fanSpeed"
  | "performanceState"
  | "throttled"
  | "throttledTime"
  | "eccErrors"
  | "retiredPages"
  | "remappedRows"
  | "remapPending"
  | "remapFailed"
  | "recoveryNeeded"
  | "xidErrors"
  | "pcieGeneration"
  | "pcieGenerationMax"
  | "pcieWidth"
  | "pcieWidthMax"
  | "pcieReplays"
  | "pcieSent"
  | "pcieReceived"
  | "nvlinkSent"
  | "nvlinkReceived"
  | "migEnabled"
  | "migInfo"
  | "migMemoryTotal"
  | "migMemoryUsed"
  | "migUtilization"
  | "processes"
  | "processMemory"
  | "processBusy";

/** A value of a GPU, and the labels that stand behind `gpu`. A plain array: it crosses from a child process as JSON. */
export type GpuReading = readonly [metric: GpuMetricName, value: number, ...labels: string[]];

/** What a GPU is. What is not known is "". */
export interface GpuIdentity {
  /** "nvidia", "amd", "intel"; in small computers also "arm", "qualcomm" and others. */
  readonly vendor: string;
  readonly name: string;
  readonly uuid: string;
  /** The driver: its version for NVIDIA, its name for the others. */
  readonly driver: string;
  /** Where it sits, such as 0000:3b:00.0. */
  readonly pci: string;
}

/** A GPU at a scrape. */
export interface GpuState {
  /** The value of the label `gpu`: NVIDIA's index, or the kernel's name of the card. */
  readonly gpu: string;
  readonly identity: GpuIdentity;
  /** "lost": it does not answer any more, or for too long. "suspended": it sleeps, and was not asked. */
  readonly condition: "up" | "lost" | "suspended";
  /** Of a lost one: what the driver says of it, if it says something. */
  readonly why?: string;
  /** Missing where there are no values. */
  readonly ageSeconds?: number;
  readonly readings: readonly GpuReading[];
}

/** What is told of a GPU by whoever asked it. */
export interface GpuReport {
  readonly gpu: string;
  readonly identity: GpuIdentity;
  readonly lost: boolean;
  /** Of a lost one: what the driver says of it. */
  readonly why?: string;
  readonly readings: readonly GpuReading[];
}

/** Something that knows GPUs. */
export interface GpuSource {
  readonly name: string;
  /** The GPUs as they are known now. Starts what has to work in the background, and never waits for it. */
  read(): readonly GpuState[];
  /** Asks, and waits for the answer: some milliseconds at most. */
  fresh?(): Promise<void>;
  /** Why GPUs that should be there cannot be told, or "". That there are none is no failure. */
  readonly failure: string;
  /** Why it knows no GPU, where that is no failure, as far as it can say. */
  readonly absence: string;
  /** How often what it runs ended or hung. */
  readonly failures: number;
  /** Whether it was tried at least once, so that "no GPU" means that there is none. */
  readonly tried: boolean;
  /** Waits for the first answers; 5 s at most. */
  settled(): Promise<void>;
  close(): void;
}

/** PCI addresses as the kernel writes them: NVML has eight digits of domain and capitals, 00000000:3B:00.0. */
export function pciAddress(text: string): string {
  return text.toLowerCase().replace(/^0000(?=[0-9a-f]{4}:)/, "");
}

/** Whether a GPU had nothing to do, as far as it was said. */
export function isIdle(readings: readonly GpuReading[]): boolean {
  const busy = readings.filter(([metric]) => metric === "utilization");
  return busy.length > 0 && busy.every(([, value]) => value < 0.005);
}

/** The last reports of GPUs, and how old they are. One that is not reported for too long, or reported lost, stays known as lost. */
export class GpuLog {
  readonly #clock: Clock;
  readonly #tooOldMs: number;
  readonly #last: Map<string, { readonly report: GpuReport; readonly at: number }> = new Map();

  constructor(options: { readonly clock: Clock; readonly tooOldMs: number }) {
    this.#clock = options.clock;
    this.#tooOldMs = options.tooOldMs;
  }

  note(report: GpuReport): void {
    this.#last.set(report.gpu, { report, at: this.#clock.now() });
  }

  /** Says that a GPU is lost; it keeps the identity that it had. */
  noteLost(which: { readonly pci?: string | undefined; readonly gpu?: string | undefined; readonly why: string }): void {
    const known = this.find(which);
    const identity = known?.identity ?? { vendor: "nvidia", name: "", uuid: "", driver: "", pci: which.pci ?? "" };
    this.note({ gpu: known?.gpu ?? which.gpu ?? which.pci ?? "", identity, lost: true, why: which.why, readings: [] });
  }

  find({ pci, gpu }: { readonly pci?: string | undefined; readonly gpu?: string | undefined }): GpuReport | undefined {
    const all = [...this.#last.values()].map(({ report }) => report);
    return all.find(({ identity }) => pci !== undefined && identity.pci === pci) ?? all.find((report) => report.gpu === gpu);
  }

  get reports(): readonly GpuReport[] {
    return [...this.#last.values()].map(({ report }) => report);
  }

  /** Whether none of them had anything to do. */
  get idle(): boolean {
    return this.reports.every(({ readings }) => isIdle(readings));
  }

  /**
   * @param since When asking began, by the clock: until there was time for an answer, an old report is no proof that a GPU is lost, and the GPU is
   * left out.
   */
  states(since: number): GpuState[] {
    const now = this.#clock.now();
    return [...this.#last.values()].flatMap(({ report, at }): GpuState[] => {
      const { gpu, identity, readings, why } = report;
      if (report.lost) return [{ gpu, identity, condition: "lost", ...(why === undefined ? {} : { why }), readings: [] }];
      if (now - at <= this.#tooOldMs) return [{ gpu, identity, condition: "up", ageSeconds: (now - at) / 1000, readings }];
      return now - since > this.#tooOldMs ? [{ gpu, identity, condition: "lost", readings: [] }] : [];
    });
  }
}
