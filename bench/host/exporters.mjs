// The two programs that are compared, as child processes. Linux only: their CPU time is read from /proc.
import { spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { whereIs } from "../../tools/programs.mjs";

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const NODE_EXPORTER = whereIs("prometheus-node-exporter");

/** Collectors that both have under the same name and that Debian's 1.5.0 does not leave to D-Bus or netlink. */
const PARTS = (
  "arp conntrack cpu cpufreq diskstats entropy filefd filesystem hwmon loadavg meminfo netclass netdev netstat pressure sockstat softnet stat " +
  "udp_queues uname vmstat"
).split(" ");

/** "1.5.0", or undefined where there is none. */
export function nodeExporterVersion() {
  if (NODE_EXPORTER === undefined) return undefined;
  const { stdout, stderr } = spawnSync(NODE_EXPORTER, ["--version"], { encoding: "utf8" });
  return /version ([\d.]+)/.exec(stdout + stderr)?.[1];
}

/** `tree`: a folder with proc/ and sys/; default: this machine. */
export async function startAgent({ tree, execArgv = [], onLine = () => {} } = {}) {
  const port = await freePort();
  const paths = tree === undefined ? [] : ["--procfs", `${tree}/proc`, "--sysfs", `${tree}/sys`];
  const bin = path("../../packages/cli/bin/inferometer.js");
  return running(spawn(process.execPath, [...execArgv, bin, "agent", "--port", `${port}`, "--collectors", PARTS.join(), ...paths], piped), {
    port,
    onLine,
  });
}

export async function startNodeExporter({ tree } = {}) {
  const port = await freePort();
  const paths = tree === undefined ? [] : [`--path.procfs=${tree}/proc`, `--path.sysfs=${tree}/sys`];
  const flags = [
    `--web.listen-address=127.0.0.1:${port}`,
    "--web.disable-exporter-metrics",
    "--collector.disable-defaults",
    ...PARTS.map((name) => `--collector.${name}`),
    "--no-collector.netdev.netlink",
    ...paths,
  ];
  return running(spawn(NODE_EXPORTER, flags, piped), { port });
}

const piped = { stdio: ["ignore", "pipe", "ignore"] };

async function running(child, { port, onLine = () => {} }) {
  const exit = new Promise((resolve) => child.once("exit", resolve));
  child.stdout.setEncoding("utf8").on("data", (text) => text.split("\n").filter(Boolean).forEach(onLine));
  const connection = new Agent({ keepAlive: true, maxSockets: 1 });
  /** Resolves to the answer's length in bytes. As Prometheus does: one connection that stays. */
  const scrape = ({ gzip = false } = {}) =>
    new Promise((resolve, reject) => {
      const headers = { accept: "text/plain;version=0.0.4", ...(gzip ? { "accept-encoding": "gzip" } : {}) };
      const request = get({ host: "127.0.0.1", port, path: "/metrics", agent: connection, headers }, (response) => {
        let length = 0;
        response.on("data", (chunk) => {
          length += chunk.length;
        });
        response.on("end", () => (response.statusCode === 200 ? resolve(length) : reject(new Error(`status ${response.statusCode}`))));
        response.on("error", reject);
      });
      request.on("error", reject);
    });
  for (const deadline = performance.now() + 10_000; ; await pause(50)) {
    try {
      await scrape();
      break;
    } catch (error) {
      if (performance.now() > deadline || child.exitCode !== null) throw error;
    }
  }
  const status = (field) => Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${child.pid}/status`, "latin1"))[1]);
  return {
    scrape,
    rssMiB: () => status("VmRSS") / 1024,
    /** Milliseconds of all threads, from the scheduler: /proc/PID/stat counts in steps of 10 ms. */
    cpuMs: () => readdirSync(`/proc/${child.pid}/task`).reduce((sum, task) => sum + threadMs(child.pid, task), 0),
    async stop() {
      connection.destroy();
      child.kill("SIGKILL");
      await exit;
    },
  };
}

function threadMs(pid, task) {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "latin1").split(" ")[0]) / 1e6;
  } catch {
    return 0; // it has ended meanwhile
  }
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
