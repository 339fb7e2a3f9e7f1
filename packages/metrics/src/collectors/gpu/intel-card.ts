import { existsSync, readdirSync } from "node:fs";
import { type Card, type CardFile, type CardPlace, type CardTold, existing, linkFiles, numberFile, readingsOf } from "./card.ts";
import type { GpuReading } from "./gpu-state.ts";

/** A GT of an Intel GPU: what has a clock and a power state of its own. Since Meteor Lake there are two, the second for video. */
interface Gt {
  readonly engine: "gpu" | "media";
  /** Milliseconds for which it was powered down. */
  readonly idle: string;
  readonly clock: string;
  readonly clockMax: string;
  /** Folder and beginning of the files that say why it is slow, 0 or 1 each. */
  readonly throttle: { readonly folder: string; readonly prefix: string };
}

/** An Intel GPU, as the drivers i915 and xe show it. */
export class IntelCard implements Card {
  readonly files: readonly string[];
  readonly #files: readonly CardFile[];
  readonly #idle: readonly { readonly engine: string; readonly file: string }[];
  #before: { readonly up: number; readonly idle: ReadonlyMap<string, number>; readonly joules: number } | undefined;

  constructor(place: CardPlace) {
    const gts = [...i915(place), ...xe(place.device)];
    const { device, hwmon } = place;
    this.#files = existing([
      ...gts.flatMap(({ engine, clock, clockMax, throttle }) => {
        const labels = [engine === "gpu" ? "graphics" : "media"];
        const options = { scale: 1e6, labels };
        return [numberFile(clock, "clock", options), numberFile(clockMax, "clockMax", options), ...(engine === "gpu" ? throttling(throttle) : [])];
      }),
      ...(hwmon === undefined ? [] : sensors(hwmon)),
      ...linkFiles(device),
    ]);
    const paths = this.#files.map(({ path }) => path);
    this.#idle = gts.filter(({ idle }) => existsSync(idle)).map(({ engine, idle }) => ({ engine, file: String(paths.push(idle) - 1) }));
    this.files = paths;
  }

  understand(lines: ReadonlyMap<string, readonly string[]>): CardTold {
    const readings = readingsOf(this.#files, lines);
    const up = Number.parseFloat(lines.get("up")?.[0] ?? "");
    const idle = new Map<string, number>();
    for (const { engine, file } of this.#idle) {
      const seconds = Number(lines.get(file)?.[0] ?? Number.NaN) / 1000;
      if (Number.isNaN(seconds)) continue;
      idle.set(engine, seconds);
      readings.push(["idle", seconds, engine], ...this.#busy(engine, { seconds, up }));
    }
    const joules = readings.find(([metric]) => metric === "energy")?.[1] ?? Number.NaN;
    readings.push(...this.#power(joules, up));
    this.#before = { up, idle, joules };
    return { identity: {}, readings };
  }

  /** The drivers count energy only; power is what it grew by. */
  #power(joules: number, up: number): GpuReading[] {
    const passed = up - (this.#before?.up ?? Number.NaN);
    const used = joules - (this.#before?.joules ?? Number.NaN);
    return passed > 0 && used >= 0 ? [["power", used / passed]] : [];
  }

  /** The part of the time since the last reading in which an engine was not powered down. */
  #busy(engine: string, { seconds, up }: { readonly seconds: number; readonly up: number }): GpuReading[] {
    const before = this.#before?.idle.get(engine);
    const passed = up - (this.#before?.up ?? Number.NaN);
    // The kernel's counter of milliseconds starts anew after 49 days where it has 32 bits.
    if (before === undefined || !(passed > 0) || seconds < before) return [];
    return [["utilization", Math.min(1, Math.max(0, 1 - (seconds - before) / passed)), engine]];
  }
}

function i915({ folder }: CardPlace): Gt[] {
  const gts = children(`${folder}/gt`, /^gt\d+$/).map((path): Gt => {
    return {
      engine: path.endsWith("gt0") ? "gpu" : "media",
      idle: `${path}/rc6_residency_ms`,
      clock: `${path}/rps_act_freq_mhz`,
      clockMax: `${path}/rps_max_freq_mhz`,
      throttle: { folder: path, prefix: "throttle_reason_" },
    };
  });
  if (gts.length > 0) return gts;
  // Kernels before 5.18.
  const throttle = { folder: `${folder}/power`, prefix: "throttle_reason_" };
  const idle = `${folder}/power/rc6_residency_ms`;
  return [{ engine: "gpu", idle, clock: `${folder}/gt_act_freq_mhz`, clockMax: `${folder}/gt_max_freq_mhz`, throttle }];
}

function xe(device: string): Gt[] {
  return children(device, /^tile0$/)
    .flatMap((tile) => children(tile, /^gt\d+$/))
    .map((path) => ({
      engine: path.endsWith("gt0") ? "gpu" : "media",
      idle: `${path}/gtidle/idle_residency_ms`,
      clock: `${path}/freq0/act_freq`,
      clockMax: `${path}/freq0/max_freq`,
      throttle: { folder: `${path}/freq0/throttle`, prefix: "reason_" },
    }));
}

function throttling({ folder, prefix }: Gt["throttle"]): CardFile[] {
  return children(folder, new RegExp(`^${prefix}(?!status)`)).map((path) => {
    const reason = path.slice(`${folder}/${prefix}`.length);
    return numberFile(path, "throttled", { labels: [reason] });
  });
}

/** Kernel: Documentation/ABI/testing/sysfs-driver-intel-i915-hwmon and sysfs-driver-intel-xe-hwmon. */
function sensors(hwmon: string): CardFile[] {
  const first = (names: readonly string[]): string =>
    existing(names.map((name) => ({ path: `${hwmon}/${name}` })))[0]?.path ?? `${hwmon}/${names[0]}`;
  const limit = numberFile(first(["power1_max", "power2_max"]), "powerLimit", { scale: 1e-6 });
  return [
    // 1: the card, 2: the package on it.
    numberFile(first(["energy1_input", "energy2_input"]), "energy", { scale: 1e-6 }),
    // 0: no limit.
    { path: limit.path, read: (lines) => limit.read(lines).filter(([, value]) => value > 0) },
    numberFile(`${hwmon}/fan1_input`, "fanSpeed"),
    // The package is 1 for i915, and 2 for xe, which has the memory besides.
    numberFile(first(["temp1_input", "temp2_input"]), "temperature", { scale: 1e-3, labels: ["gpu"] }),
    numberFile(`${hwmon}/temp3_input`, "temperature", { scale: 1e-3, labels: ["memory"] }),
  ];
}

function children(folder: string, pattern: RegExp): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => pattern.test(name))
      .sort()
      .map((name) => `${folder}/${name}`);
  } catch {
    return [];
  }
}
