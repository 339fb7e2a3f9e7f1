import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A GPU on the PCI bus. */
export interface PciGpu {
  /** Such as 0000:3b:00.0. */
  readonly pci: string;
  readonly suspended: boolean;
  /** Whether the kernel lets it sleep when nobody uses it: a laptop's second GPU. Who asks it all the time keeps it awake, and empties the battery. */
  readonly maySleep: boolean;
}

/**
 * GPUs whose driver is NVIDIA's, in the order of their addresses, which is the order of nvidia-smi. Nothing that is read here wakes them.
 *
 * In a container sysfs shows all of the machine's, and NVIDIA's container runtime leaves those in /proc/driver/nvidia that the container was given.
 */
export function nvidiaPciGpus({ sysPath, procPath }: { readonly sysPath: string; readonly procPath: string }): readonly PciGpu[] {
  const address = /^[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.\d$/;
  const given = new Set(namesIn(`${procPath}/driver/nvidia/gpus`));
  return namesIn(`${sysPath}/bus/pci/drivers/nvidia`)
    .filter((name) => address.test(name) && (given.size === 0 || given.has(name)))
    .map((pci) => ({ pci, ...powerOf(`${sysPath}/bus/pci/devices/${pci}`) }));
}

/** What is in a folder, in order; nothing where there is none. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** How a device sleeps, from what the kernel itself knows: its driver is not asked. */
export function powerOf(device: string): { readonly suspended: boolean; readonly maySleep: boolean } {
  return { suspended: textOf(`${device}/power/runtime_status`) === "suspended", maySleep: textOf(`${device}/power/control`) === "auto" };
}

/** A short file's text without the line's end; "" where it cannot be read. */
export function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8").trimEnd();
  } catch {
    return "";
  }
}

/** The last part of a link's target; "" where there is no link. */
export function linkName(path: string): string {
  try {
    const target = readlinkSync(path);
    return target.slice(target.lastIndexOf("/") + 1);
  } catch {
    return "";
  }
}
