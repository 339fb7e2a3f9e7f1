import { Buffer } from "node:buffer";
import { type GpuIdentity, type GpuReading, type GpuReport, pciAddress } from "./gpu-state.ts";
import { NvmlGpm } from "./nvml-gpm.ts";
import { NVML, type Nvml, NvmlError, textIn } from "./nvml-library.ts";
import { migDevices, migReadings } from "./nvml-mig.ts";
import { processReadings } from "./nvml-processes.ts";
import { deviceReadings, pcieThroughput } from "./nvml-values.ts";

/** A GPU by its handle. */
interface Device {
  readonly handle: bigint;
  readonly gpu: string;
  readonly identity: GpuIdentity;
  /** Why it is lost, "" for one that is not. */
  lost: string;
}

export interface NvmlReaderOptions {
  /** Gives a process its group; missing: processes are not told. */
  readonly groupOf?: ((pid: number) => string) | undefined;
  /** Whether to measure the traffic on PCIe, which takes 20 ms for each direction of each GPU. Default false. */
  readonly pcieThroughput?: boolean;
  /** Milliseconds. */
  now(): number;
}

/** What a round brought. */
export interface NvmlRound {
  readonly gpus: readonly GpuReport[];
  /** Xid errors since the last round. */
  readonly xids: readonly (readonly [gpu: string, xid: number])[];
  /** GPUs that there are, but not for us. */
  readonly denied: number;
}

const XID_EVENT = 8n;
const EVENT_BYTES = 32;
const PCI_BYTES = 68;
const PCI_ADDRESS_AT = 36;
/** A lost GPU is looked for again after so long. */
const REOPEN_MS = 60_000;

/** Reads all GPUs through NVML. Each call may hang with its driver: for a process of its own. */
export class NvmlReader {
  readonly #nvml: Nvml;
  readonly #options: NvmlReaderOptions;
  readonly #gpm: NvmlGpm;
  #devices: Device[] = [];
  #denied = 0;
  #events: bigint | undefined;
  #openedAt = 0;

  constructor(nvml: Nvml, options: NvmlReaderOptions) {
    this.#nvml = nvml;
    this.#options = options;
    this.#gpm = new NvmlGpm(nvml, () => options.now());
  }

  /** Throws NvmlError. */
  open(): void {
    const nvml = this.#nvml;
    succeed(nvml.call("nvmlInit_v2", ""));
    this.#openedAt = this.#options.now();
    const driver = nvml.text("nvmlSystemGetDriverVersion", "");
    succeed(nvml.call("nvmlDeviceGetCount_v2", "p", nvml.out));
    const count = nvml.out.readUInt32LE(0);
    this.#devices = [];
    this.#denied = 0;
    for (let index = 0; index < count; index++) this.#openDevice(index, driver);
    this.#watchXids();
  }

  close(): void {
    try {
      this.#gpm.close();
      if (this.#events !== undefined) this.#nvml.call("nvmlEventSetFree", "d", this.#events);
      this.#nvml.call("nvmlShutdown", "");
    } catch {
      // Nothing is left to close.
    }
    this.#events = undefined;
  }

  /** Throws NvmlError when NVML as a whole has failed. */
  read(): NvmlRound {
    if (this.#devices.some(({ lost }) => lost !== "") && this.#options.now() - this.#openedAt > REOPEN_MS) {
      this.close();
      this.open();
    }
    return { gpus: this.#devices.map((device) => this.#report(device)), xids: this.#xids(), denied: this.#denied };
  }

  #openDevice(index: number, driver: string): void {
    const nvml = this.#nvml;
    const gpu = String(index);
    const unknown: GpuIdentity = { vendor: "nvidia", name: "", uuid: "", driver, pci: "" };
    try {
      const code = nvml.call("nvmlDeviceGetHandleByIndex_v2", "up", index, nvml.out);
      if (code !== 0) {
        // A GPU that the container's rules keep from us is not ours; one that asks for rights is.
        if (code !== NVML.operatingSystem) this.#denied++;
        return;
      }
      const handle = nvml.out.readBigUInt64LE(0);
      const name = nvml.text("nvmlDeviceGetName", "d", handle);
      const uuid = nvml.text("nvmlDeviceGetUUID", "d", handle);
      const place = Buffer.alloc(PCI_BYTES);
      const found = nvml.call("nvmlDeviceGetPciInfo_v3", "dp", handle, place) === 0;
      const pci = found ? pciAddress(textIn(place, PCI_ADDRESS_AT, PCI_BYTES)) : "";
      this.#devices.push({ handle, gpu, identity: { ...unknown, name, uuid, pci }, lost: "" });
    } catch (error) {
      if (!(error instanceof NvmlError && error.lost)) throw error;
      this.#devices.push({ handle: 0n, gpu, identity: unknown, lost: error.meaning });
    }
  }

  #report(device: Device): GpuReport {
    const { gpu, identity } = device;
    if (device.lost === "") {
      try {
        return { gpu, identity, lost: false, readings: this.#readings(device.handle) };
      } catch (error) {
        if (!(error instanceof NvmlError && error.lost)) throw error;
        device.lost = error.meaning;
      }
    }
    return { gpu, identity, lost: true, why: device.lost, readings: [] };
  }

  #readings(handle: bigint): GpuReading[] {
    const nvml = this.#nvml;
    const { groupOf, pcieThroughput: throughput = false } = this.#options;
    const readings = deviceReadings(nvml, handle);
    const parts = migDevices(nvml, handle);
    if (parts !== undefined) readings.push(["migEnabled", parts.enabled ? 1 : 0], ...migReadings(nvml, parts.devices));
    readings.push(...this.#gpm.readings(handle, parts?.devices ?? []));
    if (throughput) readings.push(...pcieThroughput(nvml, handle));
    if (groupOf !== undefined) {
      const handles = parts?.devices.map((part) => part.handle) ?? [];
      readings.push(...processReadings(nvml, handle, { parts: handles, groupOf }));
    }
    return readings;
  }

  #watchXids(): void {
    const nvml = this.#nvml;
    if (nvml.call("nvmlEventSetCreate", "p", nvml.out) !== 0) return;
    const events = nvml.out.readBigUInt64LE(0);
    this.#events = events;
    for (const { handle, lost } of this.#devices) {
      if (lost === "") orLost(() => nvml.call("nvmlDeviceRegisterEvents", "ddd", handle, XID_EVENT, events)); // its first reading will say so
    }
  }

  /** What NVML has kept since the last time; it is asked without waiting. */
  #xids(): [gpu: string, xid: number][] {
    const found: [string, number][] = [];
    if (this.#events === undefined) return found;
    const event = Buffer.alloc(EVENT_BYTES);
    const events = this.#events;
    // Also says that a GPU is lost: its next reading does, and the others go on.
    while (found.length < 1000 && orLost(() => this.#nvml.call("nvmlEventSetWait_v2", "dpu", events, event, 0)) === 0) {
      const device = this.#devices.find(({ handle }) => handle === event.readBigUInt64LE(0));
      if (device !== undefined && event.readBigUInt64LE(8) === XID_EVENT) found.push([device.gpu, Number(event.readBigUInt64LE(16))]);
    }
    return found;
  }
}

function succeed(code: number): void {
  if (code !== 0) throw new NvmlError(code);
}

/** What a call returns; the code too where it says that a GPU is lost. */
function orLost(call: () => number): number {
  try {
    return call();
  } catch (error) {
    if (error instanceof NvmlError && error.lost) return error.code;
    throw error;
  }
}
