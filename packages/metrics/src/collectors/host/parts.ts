import { arp } from "./arp.ts";
import { conntrack } from "./conntrack.ts";
import { cpu } from "./cpu.ts";
import { cpufreq } from "./cpufreq.ts";
import { diskstats } from "./diskstats.ts";
import { entropy } from "./entropy.ts";
import { filefd } from "./filefd.ts";
import { filesystem } from "./filesystem.ts";
import { hwmon } from "./hwmon.ts";
import { loadavg } from "./loadavg.ts";
import { meminfo } from "./meminfo.ts";
import { netclass } from "./netclass.ts";
import { netdev } from "./netdev.ts";
import { netstat } from "./netstat.ts";
import { osRelease } from "./os-release.ts";
import type { HostPart } from "./part.ts";
import { portableCpu, portableFilesystem, portableLoadavg, portableMeminfo, portableStat, portableTime, portableUname } from "./portable.ts";
import { pressure } from "./pressure.ts";
import { processes } from "./processes.ts";
import { schedstat } from "./schedstat.ts";
import { sockstat } from "./sockstat.ts";
import { softnet } from "./softnet.ts";
import { stat } from "./stat.ts";
import { swap } from "./swap.ts";
import { thermalZone } from "./thermal-zone.ts";
import { time } from "./time.ts";
import { udpQueues } from "./udp-queues.ts";
import { uname } from "./uname.ts";
import { vmstat } from "./vmstat.ts";

const LINUX: readonly HostPart[] = [
  arp,
  conntrack,
  cpu,
  cpufreq,
  diskstats,
  entropy,
  filefd,
  filesystem,
  hwmon,
  loadavg,
  meminfo,
  netclass,
  netdev,
  netstat,
  osRelease,
  pressure,
  processes,
  schedstat,
  sockstat,
  softnet,
  stat,
  swap,
  thermalZone,
  time,
  udpQueues,
  uname,
  vmstat,
];

const ELSEWHERE: readonly HostPart[] = [portableCpu, portableFilesystem, portableMeminfo, portableStat, portableTime, portableUname];

/** What host() can tell on a system. */
export function partsOf(platform: NodeJS.Platform): readonly HostPart[] {
  if (platform === "linux") return LINUX;
  return platform === "win32" ? ELSEWHERE : [...ELSEWHERE, portableLoadavg];
}

/** Names of all parts that host() has on Linux, as `include` and `exclude` take them: node_exporter's names of its collectors. */
export const hostParts: readonly string[] = LINUX.map(({ name }) => name);
