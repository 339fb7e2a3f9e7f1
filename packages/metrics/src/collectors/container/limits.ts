import type { KernelFile, KernelFiles } from "../kernel-file.ts";
import type { Cgroup } from "./cgroups.ts";

/** Version 1 says "no limit" with a number near 2^63 (rounded to pages); no machine has 2^60 bytes. */
const NO_LIMIT = 2 ** 60;

/** A limit that holds for a control group and everything below it: the smallest of its own and those above. */
export class Limit {
  readonly #files: readonly KernelFile[];
  readonly #read: (file: KernelFile) => number;

  /** `read` gives a group's own limit, Infinity or NaN for none. */
  constructor(files: readonly KernelFile[], read: (file: KernelFile) => number) {
    this.#files = files;
    this.#read = read;
  }

  /** The smallest limit now; NaN where there is none. */
  now(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const file of this.#files) {
      const own = this.#read(file);
      if (own < least) least = own;
    }
    return least < NO_LIMIT ? least : Number.NaN;
  }

  /** The group's own limit now; NaN where there is none. */
  own(): number {
    const own = this.#files.length === 0 ? Number.NaN : this.#read(this.#files[0]!);
    return own < NO_LIMIT ? own : Number.NaN;
  }
}

const everywhere = (files: KernelFiles, cgroup: Cgroup, name: string): KernelFile[] =>
  cgroup.ancestry.map((folder) => files.attribute(`${folder}/${name}`));

/** The number in a file; "max", which is none, and a file that is not there (a root group has none) are NaN. */
const plain = (file: KernelFile): number => file.number();

/** Bytes of memory that a group may use. */
export function memoryLimit(files: KernelFiles, cgroup: Cgroup): Limit {
  return new Limit(everywhere(files, cgroup, cgroup.version === 2 ? "memory.max" : "memory.limit_in_bytes"), plain);
}

/** Bytes of swap that a group may use; version 1 only knows memory and swap together. */
export function swapLimit(files: KernelFiles, cgroup: Cgroup): Limit {
  return new Limit(cgroup.version === 2 ? everywhere(files, cgroup, "memory.swap.max") : [], plain);
}

/** Tasks (threads) that a group may have. */
export function tasksLimit(files: KernelFiles, cgroup: Cgroup): Limit {
  return new Limit(everywhere(files, cgroup, "pids.max"), plain);
}

/** A group's own share of CPU time: microseconds of each period; NaN for no quota. */
export interface CpuQuota {
  readonly quota: number;
  readonly period: number;
}

/** Reads the quota of a folder. */
export function cpuQuota(files: KernelFiles, cgroup: Cgroup, folder: string): () => CpuQuota {
  if (cgroup.version === 1) {
    const [quota, period] = [files.attribute(`${folder}/cpu.cfs_quota_us`), files.attribute(`${folder}/cpu.cfs_period_us`)];
    return () => {
      const microseconds = quota.number();
      return { quota: microseconds > 0 ? microseconds : Number.NaN, period: period.number() };
    };
  }
  const file = files.attribute(`${folder}/cpu.max`); // "max 100000", "50000 100000"
  return () => {
    try {
      const text = file.read();
      const quota = text.uint();
      if (quota !== quota) text.word();
      return { quota, period: text.uint() };
    } catch {
      return { quota: Number.NaN, period: Number.NaN };
    }
  };
}
