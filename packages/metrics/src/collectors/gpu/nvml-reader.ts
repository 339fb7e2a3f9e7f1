import { Buffer } from "node:buffer";
import { type GpuIdentity, type GpuReading, type GpuReport, pciAddress } from "./gpu-state.ts";
import { NVML, type Nvml, NvmlError, textIn } from "./nvml-library.ts";
import { migReadings } from "./nvml-mig.ts";
import { processReadings } from "./nvml-processes.ts";
import { deviceReadings } from "./nvml-values.ts";

/** A GPU by its handle. */
interface Device {
  readonly handle: bigint;
  readonly gpu: string;
  readonly identity: GpuIdentity;
  lost: boolean;
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
  readonly #groupOf: ((pid: number) => string) | undefined;
  readonly #now: () => number;
  #devices: Device[] = [];
  #denied = 0;
  #events: bigint | undefined;
  #openedAt = 0;

  /** @param options `groupOf`: gives a process its group; missing: processes are not told. `now`: milliseconds. */
  constructor(nvml: Nvml, options: { readonly groupOf?: ((pid: number) => string) | undefined; readonly now: () => number }) {
    this.#nvml = nvml;
    this.#groupOf = options.groupOf;
    this.#now = options.now;
  }

  /** Throws NvmlError. */
  open(): void {
    const nvml = this.#nvml;
    const code = nvml.call("nvmlInit_v2", "");
    if (code !== 0) throw new NvmlError(code);
    this.#openedAt = this.#now();
    const driver = nvml.text("nvmlSystemGetDriverVersion", "");
    const count = nvml.u32("nvmlDeviceGetCount_v2", "");
    this.#devices = [];
    this.#denied = 0;
    for (let index = 0; index < count; index++) this.#openDevice(index, driver);
    this.#watchXids();
  }

  close(): void {
    try {
      if (this.#events !== undefined) this.#nvml.call("nvmlEventSetFree", "d", this.#events);
      this.#nvml.call("nvmlShutdown", "");
    } catch {
      // Nothing is left to close.
    }
    this.#events = undefined;
  }

  /** Throws NvmlError when NVML as a whole has failed. */
  read(): NvmlRound {
    if (this.#devices.some(({ lost }) => lost) && this.#now() - this.#openedAt > REOPEN_MS) {
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
      this.#devices.push({ handle, gpu, identity: { ...unknown, name, uuid, pci }, lost: false });
    } catch (error) {
      if (!(error instanceof NvmlError && error.lost)) throw error;
      this.#devices.push({ handle: 0n, gpu, identity: unknown, lost: true });
    }
  }

  #report(device: Device): GpuReport {
    const { handle, gpu, identity } = device;
    if (!device.lost) {
      try {
        const nvml = this.#nvml;
        const readings: GpuReading[] = [...deviceReadings(nvml, handle), ...migReadings(nvml, handle)];
        if (this.#groupOf !== undefined) readings.push(...processReadings(nvml, handle, this.#groupOf));
        return { gpu, identity, lost: false, readings };
      } catch (error) {
        if (!(error instanceof NvmlError && error.lost)) throw error;
        device.lost = true;
      }
    }
    return { gpu, identity, lost: true, readings: [] };
  }

  #watchXids(): void {
    const nvml = this.#nvml;
    if (nvml.call("nvmlEventSetCreate", "p", nvml.out) !== 0) return;
    this.#events = nvml.out.readBigUInt64LE(0);
    for (const { handle, lost } of this.#devices) if (!lost) nvml.call("nvmlDeviceRegisterEvents", "ddd", handle, XID_EVENT, this.#events);
  }

  /** What NVML has kept since the last time; it is asked without waiting. */
  #xids(): [gpu: string, xid: number][] {
    const found: [string, number][] = [];
    if (this.#events === undefined) return found;
    const event = Buffer.alloc(EVENT_BYTES);
    while (found.length < 1000 && this.#nvml.call("nvmlEventSetWait_v2", "dpu", this.#events, event, 0) === 0) {
      const device = this.#devices.find(({ handle }) => handle === event.readBigUInt64LE(0));
      if (device !== undefined && event.readBigUInt64LE(8) === XID_EVENT) found.push([device.gpu, Number(event.readBigUInt64LE(16))]);
    }
    return found;
  }
}
