// What Node's os and fs tell on every system: host() on macOS and Windows. Disks' and networks' counters, swap and sensors are not among it.
import { Buffer } from "node:buffer";
import { cpus, freemem, hostname, loadavg, machine, release, totalmem, type, uptime, version } from "node:os";
import { Facts, type Series } from "../readings.ts";
import { FilesystemMetrics, local, tell } from "./filesystem.ts";
import type { HostPart } from "./part.ts";
import { wallClock } from "./time.ts";

const MODES = [
  ["user", "user"],
  ["nice", "nice"],
  ["system", "sys"],
  ["idle", "idle"],
  ["irq", "irq"],
] as const;
const MILLISECONDS = 1000;
/** os.uptime is whole seconds: boot times that differ by less are the same. */
const SAME_BOOT_SECONDS = 5;

export const portableCpu: HostPart = {
  name: "cpu",
  open({ readings }) {
    const help = "Time that a CPU spent in each mode, in seconds.";
    const seconds = readings.counters("node_cpu_seconds_total", { help, labels: ["cpu", "mode"] });
    const series: Series[][] = [];
    return () => {
      cpus().forEach(({ times }, k) => {
        series[k] ??= MODES.map(([mode]) => seconds.of(String(k), mode));
        MODES.forEach(([, key], m) => {
          series[k]![m]!.set(times[key] / MILLISECONDS);
        });
      });
    };
  },
};

export const portableLoadavg: HostPart = {
  name: "loadavg",
  open({ readings }) {
    const loads = [1, 5, 15].map((minutes) => readings.gauge(`node_load${minutes}`, `Load average over ${minutes} min.`));
    return () => {
      const values = loadavg();
      for (let k = 0; k < loads.length; k++) loads[k]!.set(values[k]!);
    };
  },
};

/** Under the names that node_exporter has on macOS. */
export const portableMeminfo: HostPart = {
  name: "meminfo",
  open({ readings }) {
    const total = readings.gauge("node_memory_total_bytes", "Memory of the machine, in bytes.");
    const free = readings.gauge("node_memory_free_bytes", "Memory that is free, in bytes.");
    return () => {
      total.set(totalmem());
      free.set(freemem());
    };
  },
};

export const portableStat: HostPart = {
  name: "stat",
  open({ readings, clock }) {
    const series = readings.gauge("node_boot_time_seconds", "When the machine was booted, in seconds since 1970.");
    let boot = Number.NaN;
    return () => {
      const now = Math.round(clock.time() - uptime());
      if (!(Math.abs(now - boot) < SAME_BOOT_SECONDS)) boot = now;
      series.set(boot);
    };
  },
};

export const portableTime: HostPart = { name: "time", open: (host) => wallClock(host) };

export const portableUname: HostPart = {
  name: "uname",
  open({ readings }) {
    const labels = ["sysname", "release", "version", "machine", "nodename", "domainname"];
    const info = new Facts(readings.gauges("node_uname_info", { help: "What the system is; always 1.", labels }));
    return () => info.say(type(), release(), version(), machine(), hostname(), "(none)");
  },
};

/** The file systems of the directories that the caller named, since Node cannot list mounts. */
export const portableFilesystem: HostPart = {
  name: "filesystem",
  open(host) {
    const metrics = new FilesystemMetrics(host);
    const nothing = { root: "/", type: "", major: "", minor: "", readOnly: false, superOptions: [] };
    const watched = host.mounts.map((mountPoint) => {
      const mount = { device: mountPoint, mountPoint, path: Buffer.from(mountPoint), ...nothing };
      return { mount, series: metrics.of(mount) };
    });
    return () => {
      for (const { mount, series } of watched) {
        const space = local(mount.mountPoint);
        if (typeof space === "string") metrics.error(mount, space).set(1);
        else {
          tell(series.sizes, space);
          series.errorFree.set(0);
        }
      }
    };
  },
};
