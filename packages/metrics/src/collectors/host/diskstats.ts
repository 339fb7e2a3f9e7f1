import { KeyTable } from "../key-table.ts";
import type { ReadingFamily, Series } from "../readings.ts";
import type { HostContext, HostPart } from "./part.ts";
import { udevProperties } from "./udev.ts";

const SECTOR = 512; // whatever the device's own is
const MILLISECONDS = 1000;

/** The numbers of a line, in its order; kernels before 4.18 have 11 of them, before 5.5 15. */
const FIELDS: readonly (readonly [name: string, help: string, unit?: "sectors" | "milliseconds" | "gauge"])[] = [
  ["reads_completed_total", "Reads completed."],
  ["reads_merged_total", "Reads merged with others."],
  ["read_bytes_total", "Bytes read.", "sectors"],
  ["read_time_seconds_total", "Time that reads took, in seconds.", "milliseconds"],
  ["writes_completed_total", "Writes completed."],
  ["writes_merged_total", "Writes merged with others."],
  ["written_bytes_total", "Bytes written.", "sectors"],
  ["write_time_seconds_total", "Time that writes took, in seconds.", "milliseconds"],
  ["io_now", "Reads and writes under way.", "gauge"],
  ["io_time_seconds_total", "Time in which something was under way, in seconds.", "milliseconds"],
  ["io_time_weighted_seconds_total", "Time times what was under way, in seconds.", "milliseconds"],
  ["discards_completed_total", "Discards completed."],
  ["discards_merged_total", "Discards merged with others."],
  ["discarded_sectors_total", "Sectors of 512 bytes discarded."],
  ["discard_time_seconds_total", "Time that discards took, in seconds.", "milliseconds"],
  ["flush_requests_total", "Flushes completed."],
  ["flush_requests_time_seconds_total", "Time that flushes took, in seconds.", "milliseconds"],
];

interface Disk {
  readonly series: readonly Series[];
  major: number;
  minor: number;
  /** Says what it is; reads other files at its first sight. */
  readonly describe: (major: number, minor: number) => void;
}

/** I/O of block devices: `node_disk_*{device}`, and what they are: `node_disk_info`. */
export const diskstats: HostPart = {
  name: "diskstats",
  open(host) {
    const { readings, proc, ignore } = host;
    const file = proc("diskstats");
    const labels = ["device"];
    const families = FIELDS.map(([name, help, unit]) => {
      const metric = `node_disk_${name}`;
      return unit === "gauge" ? readings.gauges(metric, { help, labels }) : readings.counters(metric, { help, labels });
    });
    const divisors = FIELDS.map(([, , unit]) => (unit === "milliseconds" ? MILLISECONDS : unit === "sectors" ? 1 / SECTOR : 1));
    const describer = describers(host);
    const disks = new KeyTable<Disk | undefined>((device) => {
      if (ignore.disks.test(device)) return undefined;
      return { series: families.map((family) => family.of(device)), major: 0, minor: 0, describe: describer(device) };
    });
    return () => {
      const text = file.read();
      disks.begin();
      for (; text.at < text.end; text.nextLine()) {
        const [major, minor] = [text.uint(), text.uint()];
        if (!text.word()) continue;
        const disk = disks.of(text);
        if (disk === undefined) continue;
        for (let k = 0; k < FIELDS.length; k++) disk.series[k]!.set(text.uint() / divisors[k]!); // NaN where the line is over
        disk.major = major;
        disk.minor = minor;
      }
      disks.end();
      for (const disk of disks.values) disk?.describe(disk.major, disk.minor);
    };
  },
};

/** The info series of a device. What udev and sysfs know of it is read once: it does not change while the device is there. */
function describers(host: HostContext): (device: string) => Disk["describe"] {
  const gauges = (name: string, help: string, labels: string): ReadingFamily =>
    host.readings.gauges(`node_disk_${name}`, { help, labels: `device ${labels}`.split(" ") });
  const info = gauges("info", "What a block device is; always 1.", "major minor path wwn model serial revision rotational");
  const fs = gauges("filesystem_info", "File system on a block device; always 1.", "type usage uuid version");
  const mapper = gauges("device_mapper_info", "What the device mapper calls a block device; always 1.", "name uuid vg_name lv_name lv_layer");
  const describe = (device: string, major: number, minor: number): Series[] => {
    const known = udevProperties(`${host.rootfs}/run/udev/data/b${major}:${minor}`);
    const of = (...names: string[]): string => names.map((name) => known.get(name) ?? "").find((value) => value !== "") ?? "";
    const serial = of("SCSI_IDENT_SERIAL", "ID_SERIAL_SHORT", "ID_SERIAL");
    const rotational = host.files.peek(`${host.sysPath}/block/${device}/queue/rotational`);
    const what = [of("ID_PATH"), of("ID_WWN"), of("ID_MODEL"), serial, of("ID_REVISION"), rotational];
    const series = [info.of(device, String(major), String(minor), ...what)];
    if (of("ID_FS_TYPE") !== "") series.push(fs.of(device, of("ID_FS_TYPE"), of("ID_FS_USAGE"), of("ID_FS_UUID"), of("ID_FS_VERSION")));
    if (of("DM_NAME") !== "") series.push(mapper.of(device, of("DM_NAME"), of("DM_UUID"), of("DM_VG_NAME"), of("DM_LV_NAME"), of("DM_LV_LAYER")));
    return series;
  };
  return (device) => {
    let series: Series[] | undefined;
    return (major, minor) => {
      series ??= describe(device, major, minor);
      for (const one of series) one.set(1);
    };
  };
}
