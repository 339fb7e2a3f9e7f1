import type { KernelFile } from "../kernel-file.ts";
import { KeyTable } from "../key-table.ts";
import type { Series } from "../readings.ts";

/** USER_HZ, the unit of time that the kernel shows to programs: a hundredth of a second wherever Node runs. */
export const TICKS_PER_SECOND = 100;
/** user, nice, system, idle, iowait, irq, softirq, steal; of guests: user, nice. */
export const CPU_FIELDS = 10;
const IDLE = 3;
/** An idle time that falls by 3 s is a CPU that was unplugged and came back; less is an error of the kernel's book-keeping. */
const JUMP_BACK = 3 * TICKS_PER_SECOND;

export interface CpuTimes {
  /** "0", "1" … */
  readonly cpu: string;
  /** CPU_FIELDS times, in ticks. */
  readonly ticks: Float64Array;
  /** For the part that exposes them. */
  series: readonly Series[] | undefined;
}

/**
 * /proc/stat, read once a scrape for the two parts that tell of it: on a machine with many CPUs and interrupts it is the dearest file of all.
 */
export class ProcStat {
  readonly #file: KernelFile;
  readonly #cpus: KeyTable<CpuTimes> = new KeyTable<CpuTimes>((name) => ({
    cpu: name.slice("cpu".length),
    ticks: new Float64Array(CPU_FIELDS),
    series: undefined,
  }));
  readonly #now: Float64Array = new Float64Array(CPU_FIELDS);
  /** In the kernel's order, behind the CPUs. */
  readonly fields: readonly { readonly name: string; value: number }[];
  #read = false;

  constructor(file: KernelFile) {
    this.#file = file;
    this.fields = ["intr", "ctxt", "btime", "processes", "procs_running", "procs_blocked"].map((name) => ({ name, value: Number.NaN }));
  }

  get cpus(): readonly CpuTimes[] {
    return this.#cpus.values;
  }

  /** The value of a field, NaN if the kernel does not say it. */
  value(name: string): number {
    return this.fields.find((field) => field.name === name)?.value ?? Number.NaN;
  }

  /** The next `read` reads the file again. */
  forget(): void {
    this.#read = false;
  }

  read(): void {
    if (this.#read) return;
    const text = this.#file.read();
    const now = this.#now;
    text.nextLine(); // the sum of all CPUs
    this.#cpus.begin();
    while (text.here("cpu")) {
      text.word();
      const { ticks } = this.#cpus.of(text);
      for (let k = 0; k < CPU_FIELDS; k++) now[k] = text.uint();
      // These times can fall a little, idle and iowait above all. A counter that falls looks like a reset to rate(): the last value stands until it is passed.
      const anew = ticks[IDLE]! - now[IDLE]! >= JUMP_BACK;
      for (let k = 0; k < CPU_FIELDS; k++) if (anew || !(now[k]! <= ticks[k]!)) ticks[k] = now[k]!;
      text.nextLine();
    }
    this.#cpus.end();
    text.at--; // so that the first field has a line's end before it too
    for (const field of this.fields) field.value = text.after(`\n${field.name} `) ? text.uint() : Number.NaN;
    this.#read = true;
  }
}
