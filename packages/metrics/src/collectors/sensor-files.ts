import type { Clock } from "../core/clock.ts";
import type { KernelFile, KernelFiles } from "./kernel-file.ts";
import type { Errand, Outpost } from "./outpost.ts";

/** A read that takes longer than this waited for hardware, or for a CPU on a busy machine. */
const SLOW_MS = 5;
/** So many slow reads without a quick round between them are the hardware's: from then on a child reads. */
const STRIKES = 3;
/** How often a child reads: polling once a second heats some disks, and disturbs others (facts/host.md, 6: hwmon). */
const EVERY_MS = 60_000;
/** Values that are older are not told. */
const TOO_OLD_MS = 3 * EVERY_MS;

const READ_EACH = 'for file; do read -r value <"$file" && echo "$file:$value"; done; exit 0';

export interface SensorFilesOptions {
  readonly files: KernelFiles;
  readonly outpost: Outpost;
  readonly clock: Clock;
  /** "registers": the driver is known to answer at once. "device": it may ask a device, or firmware, and wait: a child reads it. */
  readonly behind: "registers" | "device";
}

/**
 * Files with a number each whose driver may be slow, or hang. They are read here as long as that is quick, and by a child otherwise.
 */
export class SensorFiles {
  /** What each file says, in the order of the paths; NaN: nothing. */
  readonly values: Float64Array;
  readonly #paths: readonly string[];
  readonly #files: readonly KernelFile[];
  readonly #clock: Clock;
  readonly #errand: Errand;
  #remote: boolean;
  #strikes = 0;
  #taken = 0;

  constructor(paths: readonly string[], options: SensorFilesOptions) {
    this.#paths = paths;
    this.#files = paths.map((path) => options.files.attribute(path));
    this.values = new Float64Array(paths.length).fill(Number.NaN);
    this.#clock = options.clock;
    this.#remote = options.behind === "device";
    this.#errand = options.outpost.errand("sh", ["-c", READ_EACH, "sh", ...paths]);
  }

  /** Brings `values` up to date. Throws when the files have not answered for too long. */
  read(): void {
    if (this.#paths.length === 0) return;
    if (!this.#remote) this.#readHere();
    else this.#readThere();
  }

  close(): void {
    for (const file of this.#files) file.close();
  }

  #readHere(): void {
    const before = this.#strikes;
    let last = this.#clock.now();
    for (let k = 0; k < this.#files.length && !this.#remote; k++) {
      this.values[k] = this.#files[k]!.number();
      const now = this.#clock.now();
      if (now - last > SLOW_MS) this.#remote = ++this.#strikes >= STRIKES;
      last = now;
    }
    if (this.#strikes === before) this.#strikes = 0;
    if (this.#remote) this.close();
  }

  #readThere(): void {
    const errand = this.#errand;
    errand.refresh(EVERY_MS);
    if (errand.answers !== this.#taken) {
      this.#taken = errand.answers;
      this.values.fill(Number.NaN);
      for (const line of errand.answer!.split("\n")) {
        const colon = line.lastIndexOf(":");
        const k = colon === -1 ? -1 : this.#paths.indexOf(line.slice(0, colon));
        const value = line.slice(colon + 1).trim();
        if (k !== -1 && value !== "") this.values[k] = Number(value);
      }
    }
    if (errand.ageMs <= TOO_OLD_MS) return;
    this.values.fill(Number.NaN);
    if (errand.tried) throw new Error(`sensors do not answer: ${errand.failure || "timeout"}`);
  }
}
