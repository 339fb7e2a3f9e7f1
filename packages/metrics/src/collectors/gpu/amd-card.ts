import { Buffer } from "node:buffer";
import { readdirSync } from "node:fs";
import { type Card, type CardFile, type CardPlace, type CardTold, existing, linkFiles, numberFile, readingsOf } from "./card.ts";
import type { GpuReading } from "./gpu-state.ts";

/**
 * Where in gpu_metrics the energy stands, by the structure's version: 64 bits in units of 2^-16 J (kernel: kgd_pp_interface.h, gpu_metrics_v1_4 to
 * v1_8, which are those of MI300 and later; earlier versions do not say their unit).
 */
const ENERGY_AT: Readonly<Record<string, number>> = { "1.4": 24, "1.5": 88, "1.6": 16, "1.7": 24, "1.8": 24 };
const ENERGY_UNIT = 2 ** -16;
/** How much of gpu_metrics is of use. */
export const METRICS_BYTES = 96;

/** An AMD GPU, as the driver amdgpu shows it (kernel: Documentation/gpu/amdgpu/thermal.rst and driver-misc.rst). */
export class AmdCard implements Card {
  files: readonly string[];
  readonly #files: readonly CardFile[];
  readonly #name: number;
  readonly #uuid: number;
  readonly #metrics: number;

  constructor({ device, hwmon }: CardPlace) {
    const percent = (file: string, engine: string) => numberFile(`${device}/${file}`, "utilization", { scale: 0.01, labels: [engine] });
    this.#files = existing([
      percent("gpu_busy_percent", "gpu"),
      percent("mem_busy_percent", "memory"),
      percent("vcn_busy_percent", "video"),
      numberFile(`${device}/mem_info_vram_total`, "memoryTotal"),
      numberFile(`${device}/mem_info_vram_used`, "memoryUsed"),
      numberFile(`${device}/mem_info_gtt_total`, "hostMemoryTotal"),
      numberFile(`${device}/mem_info_gtt_used`, "hostMemoryUsed"),
      topClock(`${device}/pp_dpm_sclk`, "graphics"),
      topClock(`${device}/pp_dpm_mclk`, "memory"),
      numberFile(`${device}/pcie_replay_count`, "pcieReplays"),
      ...linkFiles(device),
      ...errorCounts(`${device}/ras`),
      ...(hwmon === undefined ? [] : sensors(hwmon)),
    ]);
    const paths = this.#files.map(({ path }) => path);
    this.#name = paths.push(`${device}/product_name`) - 1;
    this.#uuid = paths.push(`${device}/unique_id`) - 1;
    // The last: it is dropped when it turns out to be of no use, since the firmware is asked for all of it each time.
    this.#metrics = paths.length;
    paths.push(...existing([{ path: `${device}/gpu_metrics` }]).map(({ path }) => path));
    this.files = paths;
  }

  understand(lines: ReadonlyMap<string, readonly string[]>): CardTold {
    const [name = ""] = lines.get(String(this.#name)) ?? [];
    const [uuid = ""] = lines.get(String(this.#uuid)) ?? [];
    const energy = this.#energy(lines.get(String(this.#metrics)));
    return { identity: { ...(name === "" ? {} : { name }), uuid }, readings: together([...energy, ...readingsOf(this.#files, lines)]) };
  }

  #energy(lines: readonly string[] | undefined): GpuReading[] {
    if (lines === undefined) return [];
    const bytes = Buffer.from(lines.join(" ").split(/\s+/).map(Number));
    const at = ENERGY_AT[`${bytes[2]}.${bytes[3]}`];
    if (at === undefined) this.files = this.files.slice(0, this.#metrics);
    if (at === undefined || bytes.length < at + 8) return [];
    const energy = bytes.readBigUInt64LE(at);
    // All ones: this chip does not count. None at all: nor does this one.
    return energy === 0n || energy === 0xffff_ffff_ffff_ffffn ? [] : [["energy", Number(energy) * ENERGY_UNIT]];
  }
}

function sensors(hwmon: string): CardFile[] {
  const temperature = (file: string, sensor: string) => numberFile(`${hwmon}/${file}`, "temperature", { scale: 1e-3, labels: [sensor] });
  return [
    temperature("temp1_input", "edge"),
    temperature("temp2_input", "junction"),
    temperature("temp3_input", "memory"),
    // Of some chips there is the one, of others the other, and of some a file without an answer; where both speak, the average stays.
    numberFile(`${hwmon}/power1_input`, "power", { scale: 1e-6 }),
    numberFile(`${hwmon}/power1_average`, "power", { scale: 1e-6 }),
    numberFile(`${hwmon}/energy1_input`, "energy", { scale: 1e-6 }),
    numberFile(`${hwmon}/power1_cap`, "powerLimit", { scale: 1e-6 }),
    numberFile(`${hwmon}/freq1_input`, "clock", { labels: ["graphics"] }),
    numberFile(`${hwmon}/freq2_input`, "clock", { labels: ["memory"] }),
    numberFile(`${hwmon}/pwm1`, "fan", { scale: 1 / 255 }),
    numberFile(`${hwmon}/fan1_input`, "fanSpeed"),
  ];
}

/** "0: 500Mhz", "1: 2400Mhz *": the last is the highest. */
function topClock(path: string, domain: string): CardFile {
  return {
    path,
    read: (lines) => {
      const [, mhz] = /:\s*(\d+)\s*Mhz/i.exec(lines.at(-1) ?? "") ?? [];
      return mhz === undefined ? [] : [["clockMax", Number(mhz) * 1e6, domain]];
    },
  };
}

/** A file for each block of the chip that counts its errors: "ue: 0", "ce: 2". */
function errorCounts(folder: string): CardFile[] {
  let names: string[] = [];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith("_err_count"));
  } catch {
    // Only GPUs for data centres count.
  }
  const kinds = { ue: "uncorrected", ce: "corrected" } as const;
  return names.map((name) => ({
    path: `${folder}/${name}`,
    read: (lines) =>
      lines.flatMap((line): GpuReading[] => {
        const [, kind, count] = /^(ue|ce):\s*(\d+)$/.exec(line) ?? [];
        return kind === undefined ? [] : [["eccErrors", Number(count), kinds[kind as "ue" | "ce"], "volatile"]];
      }),
  }));
}

/** Blocks' errors added up: how many blocks there are differs from chip to chip. Of other values said twice the last stays. */
function together(readings: readonly GpuReading[]): GpuReading[] {
  const sums = new Map<string, GpuReading>();
  for (const reading of readings) {
    const [metric, value, ...labels] = reading;
    const key = [metric, ...labels].join();
    const before = metric === "eccErrors" ? (sums.get(key)?.[1] ?? 0) : 0;
    sums.set(key, [metric, before + value, ...labels]);
  }
  return [...sums.values()];
}
