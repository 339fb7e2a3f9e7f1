import { existsSync } from "node:fs";
import type { GpuIdentity, GpuReading } from "./gpu-state.ts";

/** Where a card's files are. */
export interface CardPlace {
  /** Its folder in /sys/class/drm. */
  readonly folder: string;
  readonly device: string;
  readonly hwmon: string | undefined;
}

/** What the files of a card said. */
export interface CardTold {
  readonly identity: Partial<GpuIdentity>;
  readonly readings: readonly GpuReading[];
}

/** A kind of card: which files to read, and what they mean. */
export interface Card {
  readonly files: readonly string[];
  /** @param lines The lines of each file, by its place in `files`; "up": seconds since the machine started, when the files were read. */
  understand(lines: ReadonlyMap<string, readonly string[]>): CardTold;
}

/** A file, and what its lines mean. */
export interface CardFile {
  readonly path: string;
  read(lines: readonly string[]): readonly GpuReading[];
}

/** A number in another unit. Divided where that is exact: 70 * 0.01 is 0.7000000000000001. */
export const scaled = (value: number, scale: number): number => (scale < 1 ? value / Math.round(1 / scale) : value * scale);

/** A file that holds a number, which is multiplied by `scale`. */
export function numberFile(
  path: string,
  metric: GpuReading[0],
  { scale = 1, labels = [] }: { scale?: number; labels?: readonly string[] } = {},
): CardFile {
  return {
    path,
    read: ([line = ""]) => {
      const value = line === "" ? Number.NaN : scaled(Number(line), scale);
      return Number.isNaN(value) ? [] : [[metric, value, ...labels]];
    },
  };
}

/** The PCIe link: files that every PCI device has. */
export function linkFiles(device: string): CardFile[] {
  return [
    speedFile(`${device}/current_link_speed`, "pcieGeneration"),
    speedFile(`${device}/max_link_speed`, "pcieGenerationMax"),
    numberFile(`${device}/current_link_width`, "pcieWidth"),
    numberFile(`${device}/max_link_width`, "pcieWidthMax"),
  ];
}

/** "16.0 GT/s PCIe" is generation 4. */
function speedFile(path: string, metric: GpuReading[0]): CardFile {
  return {
    path,
    read: ([line = ""]) => {
      const generation = [2.5, 5, 8, 16, 32, 64].indexOf(Number.parseFloat(line)) + 1;
      return generation === 0 ? [] : [[metric, generation]];
    },
  };
}

/** Those files that there are. Whether a name exists is asked of the kernel, not of the driver. */
export const existing = <F extends { readonly path: string }>(files: readonly F[]): F[] => files.filter(({ path }) => existsSync(path));

/** The readings of all files. */
export function readingsOf(files: readonly CardFile[], lines: ReadonlyMap<string, readonly string[]>): GpuReading[] {
  return files.flatMap((file, k) => file.read(lines.get(String(k)) ?? []));
}
