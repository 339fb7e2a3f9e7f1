import { type Card, type CardFile, type CardTold, existing, numberFile, readingsOf } from "./card.ts";
import type { GpuIdentity, GpuReading } from "./gpu-state.ts";
import { linkName, textOf } from "./pci-gpus.ts";

/** Who makes it, by the first part of the device tree's `compatible`. */
const MAKERS: Readonly<Record<string, string>> = { qcom: "qualcomm", img: "imagination" };

/**
 * The GPU of a small computer's processor, by the kernel's devfreq (Documentation/ABI/testing/sysfs-class-devfreq). How busy it is say the kernels
 * of NVIDIA for Jetson (`load` of the device, in thousandths) and of Rockchip (`load` as "38@600000000Hz").
 */
export class DevfreqCard implements Card {
  readonly files: readonly string[];
  readonly #files: readonly CardFile[];

  constructor({ folder, device }: { readonly folder: string; readonly device: string }) {
    this.#files = existing([
      loadFile(`${device}/load`, /^(\d+)$/, 1000),
      loadFile(`${folder}/load`, /^(\d+)@\d+Hz$/, 100),
      numberFile(`${folder}/cur_freq`, "clock", { labels: ["graphics"] }),
      numberFile(`${folder}/max_freq`, "clockMax", { labels: ["graphics"] }),
    ]);
    this.files = this.#files.map(({ path }) => path);
  }

  understand(lines: ReadonlyMap<string, readonly string[]>): CardTold {
    return { identity: {}, readings: readingsOf(this.#files, lines) };
  }
}

/** What the GPU of this devfreq device is; undefined for another device: memory, a bus, a video decoder. */
export function devfreqGpu(device: string): Omit<GpuIdentity, "pci"> | undefined {
  // The device tree ends its texts with NUL.
  const [name = ""] = textOf(`${device}/of_node/name`).split("\0");
  if (!/^(gpu|gm20b|gp10b|gv11b|ga10b)$/.test(name)) return undefined;
  const [compatible = ""] = textOf(`${device}/of_node/compatible`).split("\0");
  const [maker = ""] = compatible.split(",");
  return { vendor: MAKERS[maker] ?? maker, name: compatible, uuid: "", driver: linkName(`${device}/driver`) };
}

function loadFile(path: string, pattern: RegExp, whole: number): CardFile {
  return {
    path,
    read: ([line = ""]): readonly GpuReading[] => {
      const [, load] = pattern.exec(line) ?? [];
      return load === undefined || Number(load) > whole ? [] : [["utilization", Number(load) / whole, "gpu"]];
    },
  };
}
