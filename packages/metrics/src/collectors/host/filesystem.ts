import { Buffer } from "node:buffer";
import { statfsSync } from "node:fs";
import type { KernelFile } from "../kernel-file.ts";
import { type Mount, parseMounts } from "../mount-table.ts";
import type { Errand } from "../outpost.ts";
import type { ReadingFamily, Series } from "../readings.ts";
import type { HostContext, HostPart } from "./part.ts";

/** File systems whose statfs is answered from this machine's memory. What is not here may ask a server or a program, and wait for ever. */
const LOCAL = new Set(
  (
    "bcachefs btrfs devtmpfs erofs exfat ext2 ext3 ext4 f2fs hfs hfsplus iso9660 jffs2 jfs minix nilfs2 ntfs ntfs3 overlay ramfs reiserfs rootfs squashfs " +
    "tmpfs ubifs udf ufs vfat xfs zfs"
  ).split(" "),
);
const EVERY_MS = 30_000;
/** How old an answer about a remote file system may be before it is no longer told. */
const TOO_OLD_MS = 180_000;

/** What a file system says of itself. */
export interface Space {
  readonly blockBytes: number;
  readonly blocks: number;
  readonly free: number;
  readonly available: number;
  readonly files: number;
  readonly filesFree: number;
}

interface Watched {
  readonly mount: Mount;
  readonly series: MountSeries;
  readonly remote: RemoteSpace | undefined;
}

/**
 * `node_filesystem_{size,free,avail}_bytes`, `_files`, `_files_free`, `_readonly`, `_device_error` and `_mount_info`, for each mount point.
 *
 * A file system that is not local, or is mounted below one that is not, is asked by a child in the background. Its last answer is told for
 * three minutes; then `node_filesystem_device_error{device_error="timeout"}` is 1 and its other series are gone.
 */
export const filesystem: HostPart = {
  name: "filesystem",
  open(host) {
    const metrics = new FilesystemMetrics(host);
    const tables = [host.proc("1/mountinfo"), host.proc("self/mountinfo")];
    let last: Buffer = Buffer.alloc(0);
    let watched: Watched[] = [];
    return () => {
      const text = readFirst(tables);
      if (text.end !== last.length || text.bytes.compare(last, 0, last.length, 0, text.end) !== 0) {
        last = Buffer.from(text.bytes.subarray(0, text.end));
        watched = watch(host, metrics, { mounts: parseMounts(last.toString("latin1")), before: watched });
      }
      for (let k = 0; k < watched.length; k++) {
        const one = watched[k]!;
        const { series } = one;
        series.info.set(1);
        const space = one.remote === undefined ? local(one.mount.path) : one.remote.space();
        if (typeof space === "string") metrics.error(one.mount, space).set(1);
        else if (space !== undefined) {
          tell(series.sizes, space);
          series.readOnly.set(one.mount.readOnly ? 1 : 0);
          series.errorFree.set(0);
        }
      }
    };
  },
};

/** Process 1 sees all of the machine's mounts; with hidepid its table is hidden. */
function readFirst(tables: readonly KernelFile[]): ReturnType<KernelFile["read"]> {
  try {
    return tables[0]!.read();
  } catch {
    return tables[1]!.read();
  }
}

/** The series of a mount. */
export interface MountSeries {
  /** Size, free, avail, files, files_free. */
  readonly sizes: readonly Series[];
  readonly readOnly: Series;
  readonly errorFree: Series;
  readonly info: Series;
}

/** The metrics of file systems; also for systems without /proc. */
export class FilesystemMetrics {
  readonly #sizes: readonly ReadingFamily[];
  readonly #readOnly: ReadingFamily;
  readonly #error: ReadingFamily;
  readonly #info: ReadingFamily;

  constructor({ readings }: HostContext) {
    const labels = ["device", "mountpoint", "fstype", "device_error"];
    const gauge = (name: string, help: string): ReadingFamily => readings.gauges(`node_filesystem_${name}`, { help, labels });
    this.#sizes = [
      gauge("size_bytes", "Size, in bytes."),
      gauge("free_bytes", "Free space, in bytes."),
      gauge("avail_bytes", "Free space for those who are not root, in bytes."),
      gauge("files", "Inodes."),
      gauge("files_free", "Free inodes."),
    ];
    this.#readOnly = gauge("readonly", "Whether it is mounted read-only.");
    this.#error = gauge("device_error", "Whether it could not be asked, and why.");
    const help = "Device numbers of a mount; always 1.";
    this.#info = readings.gauges("node_filesystem_mount_info", { help, labels: ["device", "major", "minor", "mountpoint"] });
  }

  of(mount: Mount): MountSeries {
    const { device, mountPoint, major, minor } = mount;
    return {
      sizes: this.#sizes.map((family) => seriesOf(family, mount)),
      readOnly: seriesOf(this.#readOnly, mount),
      errorFree: seriesOf(this.#error, mount),
      info: this.#info.of(device, major, minor, mountPoint),
    };
  }

  /** What says that a mount could not be asked. */
  error(mount: Mount, why: string): Series {
    return seriesOf(this.#error, mount, why);
  }
}

/** The label device_error is empty, so not there, unless there is an error. */
function seriesOf(family: ReadingFamily, { device, mountPoint, type }: Mount, why = ""): Series {
  return family.of(device, mountPoint, type, why);
}

/** Sets size, free, avail, files, files_free. */
export function tell(series: readonly Series[], space: Space): void {
  series[0]!.set(space.blocks * space.blockBytes);
  series[1]!.set(space.free * space.blockBytes);
  series[2]!.set(space.available * space.blockBytes);
  series[3]!.set(space.files);
  series[4]!.set(space.filesFree);
}

/** Asks a local file system; returns why if it does not say. */
export function local(path: Buffer | string): Space | string {
  try {
    const { bsize, blocks, bfree, bavail, files, ffree } = statfsSync(path);
    return { blockBytes: bsize, blocks, free: bfree, available: bavail, files, filesFree: ffree };
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "failed";
  }
}

/** The mounts to be told: those that are not ignored, each device at each place once. What was watched before goes on with what it knows. */
function watch(
  host: HostContext,
  metrics: FilesystemMetrics,
  { mounts, before }: { mounts: readonly Mount[]; before: readonly Watched[] },
): Watched[] {
  const known = new Map(before.map((one) => [keyOf(one.mount), one]));
  const found = new Map<string, Watched>();
  // With the machine's root elsewhere the table is either ours, where its mounts lie below rootfs, or the machine's own.
  const ours = mounts.some(({ mountPoint }) => mountPoint === host.rootfs);
  const beyond = mounts.filter(({ type }) => !LOCAL.has(type) && !VIRTUAL.test(type)).map(({ mountPoint }) => `${mountPoint}/`);
  for (const listed of mounts) {
    const seen = host.rootfs === "" || ours ? listed : { ...listed, path: Buffer.concat([Buffer.from(host.rootfs), listed.path]) };
    const mount = ours ? below(host.rootfs, seen) : seen;
    if (mount === undefined || host.ignore.fileSystems.test(mount.type) || host.ignore.mountPoints.test(mount.mountPoint)) continue;
    const key = keyOf(mount);
    if (found.has(key)) continue;
    const remote = isRemote(listed, beyond) ? (known.get(key)?.remote ?? new RemoteSpace(host, seen.path)) : undefined;
    found.set(key, { mount, series: metrics.of(mount), remote });
  }
  return [...found.values()];
}

const keyOf = ({ device, mountPoint, type }: Mount): string => JSON.stringify([device, mountPoint, type]);

/** A mount under the name that it has on the machine; undefined for one that is not the machine's. */
function below(rootfs: string, mount: Mount): Mount | undefined {
  if (mount.mountPoint === rootfs) return { ...mount, mountPoint: "/" };
  return mount.mountPoint.startsWith(`${rootfs}/`) ? { ...mount, mountPoint: mount.mountPoint.slice(rootfs.length) } : undefined;
}

/** Whether asking may wait for others. The way to a local disk that is mounted below a network's folder (`beyond`) leads through the network. */
function isRemote({ type, mountPoint }: Mount, beyond: readonly string[]): boolean {
  return !LOCAL.has(type) || beyond.some((folder) => mountPoint.startsWith(folder));
}

/** Types that are no file systems of anybody's and answer from memory, too; they hold mounts such as /sys/fs/cgroup. */
const VIRTUAL =
  /^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|efivarfs|fusectl|hugetlbfs|mqueue|nsfs|proc|pstore|rpc_pipefs|securityfs|selinuxfs|sysfs|tracefs)$/;

/** A file system that a child asks. */
class RemoteSpace {
  readonly #errand: Errand;
  #taken = 0;
  #space: Space | string | undefined;

  constructor({ outpost }: HostContext, path: Buffer) {
    const text = path.toString("utf8");
    // stat of GNU and of busybox know these letters alike.
    this.#errand = outpost.errand("stat", ["-f", "-c", "%S %b %f %a %c %d", Buffer.from(text).equals(path) ? text : path]);
  }

  /** What it said last, why it says nothing, or undefined before the first answer. Never waits. */
  space(): Space | string | undefined {
    const errand = this.#errand;
    errand.refresh(EVERY_MS);
    if (errand.answers !== this.#taken) {
      this.#taken = errand.answers;
      const [blockBytes, blocks, free, available, files, filesFree] = errand.answer!.trim().split(" ").map(Number);
      this.#space = { blockBytes: blockBytes!, blocks: blocks!, free: free!, available: available!, files: files!, filesFree: filesFree! };
    }
    if (errand.ageMs <= TOO_OLD_MS) return this.#space;
    return errand.tried ? errand.failure || "timeout" : undefined;
  }
}
