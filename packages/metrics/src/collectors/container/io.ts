import { readlinkSync } from "node:fs";
import type { KernelFile } from "../kernel-file.ts";
import { KeyTable } from "../key-table.ts";
import type { ReadingFamily, Series } from "../readings.ts";
import type { Cgroup } from "./cgroups.ts";
import type { ContainerContext, GroupReader } from "./part.ts";

const EQUALS = 61;

interface Device {
  readonly rbytes: Series;
  readonly wbytes: Series;
  readonly rios: Series;
  readonly wios: Series;
}

/** What the group read from and wrote to block devices. What the page cache answers is not among it. */
export function io(context: ContainerContext, group: Cgroup | undefined): GroupReader | undefined {
  if (group === undefined) return undefined;
  const { readings, files, prefix, sysPath } = context;
  const family = (name: string, help: string): ReadingFamily => readings.counters(`${prefix}_fs_${name}_total`, { help, labels: ["device"] });
  const families = {
    rbytes: family("reads_bytes", "Bytes read."),
    wbytes: family("writes_bytes", "Bytes written."),
    rios: family("reads", "Reads."),
    wios: family("writes", "Writes."),
  };
  const devices = (): KeyTable<Device> =>
    new KeyTable((numbers) => {
      const device = deviceName(sysPath, numbers);
      const { rbytes, wbytes, rios, wios } = families;
      return { rbytes: rbytes.of(device), wbytes: wbytes.of(device), rios: rios.of(device), wios: wios.of(device) };
    });
  if (group.version === 2) return readStat(files.attribute(`${group.folder}/io.stat`), devices());
  const bytes = readOld(files.attribute(`${group.folder}/blkio.throttle.io_service_bytes`), devices(), ["rbytes", "wbytes"]);
  const counts = readOld(files.attribute(`${group.folder}/blkio.throttle.io_serviced`), devices(), ["rios", "wios"]);
  return () => {
    bytes();
    counts();
  };
}

/** "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6"; a device that did nothing may have its numbers left out. */
function readStat(file: KernelFile, devices: KeyTable<Device>): GroupReader {
  return () => {
    const text = file.read();
    devices.begin();
    for (; text.at < text.end; text.nextLine()) {
      if (!text.word()) continue;
      const device = devices.of(text);
      while (text.word(EQUALS)) {
        const series = device[text.string() as keyof Device];
        text.at++;
        const value = text.uint();
        if (series !== undefined) series.set(value);
      }
    }
    devices.end();
  };
}

/** "8:0 Read 1", "8:0 Write 2", and lines of other kinds. */
function readOld(file: KernelFile, devices: KeyTable<Device>, names: readonly [read: keyof Device, write: keyof Device]): GroupReader {
  return () => {
    const text = file.read();
    devices.begin();
    for (; text.at < text.end; text.nextLine()) {
      if (!text.word() || text.here(" ") === false) continue; // "Total 3"
      const [start, at] = [text.start, text.at];
      const read = text.here(" Read ");
      if (!read && !text.here(" Write ")) continue;
      text.word();
      const behind = text.at;
      [text.start, text.at] = [start, at];
      const device = devices.of(text);
      text.at = behind;
      device[names[read ? 0 : 1]].set(text.uint());
    }
    devices.end();
  };
}

/** "/dev/sda" for "8:0"; the numbers themselves where /sys does not say. */
function deviceName(sysPath: string, numbers: string): string {
  try {
    const target = readlinkSync(`${sysPath}/dev/block/${numbers}`);
    return `/dev/${target.slice(target.lastIndexOf("/") + 1)}`;
  } catch {
    return numbers;
  }
}
