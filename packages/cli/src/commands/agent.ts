import { type Command, defineCommand } from "../command.ts";

/** What `inferometer agent` can be told. Exported for the code that does the work. */
export const agentOptions = {
  port: { type: "number", value: "n", default: 8000, min: 0, max: 65535, whole: true, group: "Serving", help: "Where to listen; 0: any free port." },
  host: {
    type: "text",
    value: "address",
    default: "127.0.0.1",
    group: "Serving",
    help: "To whom. 0.0.0.0 opens it to all networks, which a Prometheus elsewhere needs: then add --web-config or --token-file.",
  },
  "web-config": {
    type: "text",
    value: "file",
    complete: "file",
    group: "Serving",
    help: "TLS, users and limits, in the format of Prometheus' exporters. Read again when it changes.",
  },
  "token-file": {
    type: "text",
    value: "file",
    complete: "file",
    group: "Serving",
    help: "File with a token that scrapers must show (Authorization: Bearer). Read again when it changes.",
  },
  collectors: {
    type: "text",
    value: "names",
    many: true,
    group: "Collecting",
    help: "Only these: host, container, gpu, process, or parts of host such as cpu,meminfo. Default: all.",
  },
  exclude: { type: "text", value: "names", many: true, group: "Collecting", help: "All but these." },
  nvidia: {
    type: "choice",
    choices: ["nvidia-smi", "nvml", "off"],
    default: "nvidia-smi",
    group: "Collecting",
    help: "Who asks NVIDIA's GPUs. nvml tells more and needs the package koffi.",
  },
  "ignore-disks": { type: "text", value: "pattern", group: "Collecting", help: "Block devices to leave out. Default: partitions, loop, ram, zram." },
  "ignore-interfaces": {
    type: "text",
    value: "pattern",
    group: "Collecting",
    help: "Network interfaces to leave out: '^(veth|cali)' where containers come and go. Default: none.",
  },
  "ignore-mounts": {
    type: "text",
    value: "pattern",
    group: "Collecting",
    help: "Mount points to leave out. Default: the kernel's, and containers'.",
  },
  "ignore-file-systems": {
    type: "text",
    value: "pattern",
    group: "Collecting",
    help: "Types of file systems to leave out. Default: those without files.",
  },
  "ignore-sensors": { type: "text", value: "pattern", group: "Collecting", help: "Chips of hwmon to leave out. Default: those of disks." },
  procfs: { type: "text", value: "folder", complete: "folder", default: "/proc", group: "Collecting", help: "Where the machine's /proc is seen." },
  sysfs: { type: "text", value: "folder", complete: "folder", default: "/sys", group: "Collecting", help: "Where the machine's /sys is seen." },
  rootfs: { type: "text", value: "folder", complete: "folder", default: "/", group: "Collecting", help: "Where the machine's / is seen." },
  once: { type: "switch", group: "Output", help: "Print the metrics to stdout and end; nothing is served." },
  json: { type: "switch", group: "Output", help: "With --once: as JSON." },
} as const;

export const agent: Command = defineCommand({
  name: "agent",
  summary: "serve the metrics of this machine: host, container, GPUs",
  description: [
    "Serves /metrics for Prometheus under node_exporter's names, beside them the GPUs', the container's and the agent's own; /metrics.json and /health. Everything is read when somebody asks, nothing in between. A scrape may choose: /metrics?collect[]=cpu&collect[]=gpu, or exclude[]=hwmon.",
    "Listens on this machine only, unless --host says otherwise.",
  ],
  options: agentOptions,
  examples: [
    { line: "inferometer agent", does: "Serve at http://127.0.0.1:8000/metrics until Ctrl-C." },
    { line: "inferometer agent --once", does: "Print everything that this machine tells." },
    { line: "inferometer agent --host 0.0.0.0 --web-config web.yml", does: "For a Prometheus elsewhere, with TLS and users." },
    { line: "inferometer agent --collectors cpu,meminfo,gpu", does: "These only." },
    { line: "inferometer agent --exclude process,hwmon --ignore-interfaces '^veth'", does: "All but these." },
  ],
  exitCodes: { 0: "all went well, or ended by SIGTERM", 130: "ended by Ctrl-C" },
  load: async () => (await import("../agent/run.ts")).runAgent,
});
