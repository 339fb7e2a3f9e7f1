import { hostname, machine, release, type, version } from "node:os";
import { Facts } from "../readings.ts";
import type { HostPart } from "./part.ts";

/** `node_uname_info{sysname,release,version,machine,nodename,domainname}`. */
export const uname: HostPart = {
  name: "uname",
  open({ readings, proc }) {
    const labels = ["sysname", "release", "version", "machine", "nodename", "domainname"];
    const info = new Facts(readings.gauges("node_uname_info", { help: "What uname says; always 1.", labels }));
    const domain = proc("sys/kernel/domainname");
    return () => info.say(type(), release(), version(), machine(), hostname(), domain.string() || "(none)");
  },
};
