import { realpathSync } from "node:fs";
import { basename } from "node:path";
import { AmdCard } from "./amd-card.ts";
import type { Card } from "./card.ts";
import { DevfreqCard, devfreqGpu } from "./devfreq-card.ts";
import type { GpuIdentity } from "./gpu-state.ts";
import { IntelCard } from "./intel-card.ts";
import { linkName, namesIn, textOf } from "./pci-gpus.ts";

/** A GPU that shows itself in sysfs. */
export interface FoundCard {
  /** The kernel's name of it: card1, 17000000.gpu. */
  readonly gpu: string;
  readonly device: string;
  readonly card: Card;
  identity: GpuIdentity;
}

/** Folders in sysfs that may be GPUs: graphics cards, and devices whose clock the kernel sets. */
export function cardPlaces(sysPath: string): readonly string[] {
  const cards = namesIn(`${sysPath}/class/drm`).filter((name) => /^card\d+$/.test(name));
  return [
    ...cards.map((name) => `${sysPath}/class/drm/${name}`),
    ...namesIn(`${sysPath}/class/devfreq`).map((name) => `${sysPath}/class/devfreq/${name}`),
  ];
}

/** The GPU of such a folder; undefined for one of a driver that shows nothing there, and for what is no GPU. Nothing that is read here wakes it. */
export function cardAt(folder: string): FoundCard | undefined {
  const gpu = basename(folder);
  const device = `${folder}/device`;
  const vendor = textOf(`${device}/vendor`);
  if (vendor === "0x1002" || vendor === "0x8086") {
    const driver = linkName(`${device}/driver`);
    const place = { folder, device, hwmon: hwmonOf(device, driver) };
    const amd = vendor === "0x1002";
    const name = `${amd ? "AMD" : "Intel"} ${textOf(`${device}/device`).replace(/^0x/, "")}`.trim();
    const identity = { vendor: amd ? "amd" : "intel", name, uuid: "", driver, pci: addressOf(device) };
    return { gpu, device, card: amd ? new AmdCard(place) : new IntelCard(place), identity };
  }
  const identity = devfreqGpu(device);
  return identity && { gpu, device, card: new DevfreqCard({ folder, device }), identity: { ...identity, pci: "" } };
}

/** The card's sensors: those of the same name as its driver, since i915 has some of each GT besides ("i915_gt0"). */
function hwmonOf(device: string, driver: string): string | undefined {
  const all = namesIn(`${device}/hwmon`).filter((name) => name.startsWith("hwmon"));
  const found = all.find((name) => textOf(`${device}/hwmon/${name}/name`) === driver) ?? all[0];
  return found === undefined ? undefined : `${device}/hwmon/${found}`;
}

/** The PCI address; "" for a GPU that is no PCI device. */
function addressOf(device: string): string {
  try {
    const [last = ""] = realpathSync(device).split("/").slice(-1);
    return /^[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.\d$/.test(last) ? last : "";
  } catch {
    return "";
  }
}
