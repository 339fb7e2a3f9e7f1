import type { Clock } from "../../core/clock.ts";
import type { KernelFile, KernelFiles } from "../kernel-file.ts";
import type { Outpost } from "../outpost.ts";
import type { Readings } from "../readings.ts";
import type { ProcStat } from "./proc-stat.ts";

/** What host() leaves out. The defaults are node_exporter's. */
export interface HostIgnore {
  /** Mount points. Default: what lies under /dev, /proc, /sys, /run/credentials, and the mounts of containers' layers. */
  readonly mountPoints?: RegExp;
  /** Types of file systems. Default: those that hold no files of anybody's, such as proc and cgroup2, and overlay and squashfs. */
  readonly fileSystems?: RegExp;
  /** Block devices. Default: partitions, and loop, ram and zram devices. */
  readonly disks?: RegExp;
  /** Network interfaces. Default: none. Where containers come and go, /^(veth|cali|lxc|cni)/ keeps the number of series bounded. */
  readonly interfaces?: RegExp;
  /** Chips of hwmon by name. Default: nvme and drivetemp, since asking a disk for its temperature can disturb its work. */
  readonly sensors?: RegExp;
}

/** What the parts of host() share. */
export interface HostContext {
  readonly readings: Readings;
  readonly files: KernelFiles;
  readonly outpost: Outpost;
  readonly clock: Clock;
  readonly procPath: string;
  readonly sysPath: string;
  /** Where the machine's / is seen, without a slash at the end: "" if here. */
  readonly rootfs: string;
  readonly ignore: Required<HostIgnore>;
  /** /proc/stat, which two parts tell of. */
  readonly stat: ProcStat;
  /** Directories whose file systems are told where the system has no list of mounts. */
  readonly mounts: readonly string[];
  /** A file of /proc. */
  proc(path: string): KernelFile;
  /** A file of /sys. */
  sys(path: string): KernelFile;
}

/** Sets its metrics. What it throws is a failure of this part only. May be asynchronous to give way to others, not to wait. */
export type Reader = () => void | Promise<void>;

/** One subject that host() tells of, under node_exporter's name for it. */
export interface HostPart {
  readonly name: string;
  /** Too much to do when the collector is registered: it is read at scrapes only. */
  readonly slow?: true;
  open(host: HostContext): Reader;
}
