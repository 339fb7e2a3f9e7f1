// node_exporter judges host(), in a process and as `inferometer agent` serves it: the same names, types, labels and values for what both tell.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type FamilySnapshot, Registry, Snapshot } from "@inferometer/metrics";
import { host } from "@inferometer/metrics/collectors";
import { unlessMissing } from "../../tools/programs.mjs";
import { Agent } from "./agent.ts";
import { NodeExporter } from "./node-exporter.ts";
import { LACKING } from "./node-exporter-lacking.ts";

const options = process.platform === "linux" ? unlessMissing("prometheus-node-exporter") : { skip: "host() tells less elsewhere" };

/** What Debian's 1.5.0 tells otherwise than the node_exporter that we follow, 1.12: labels that came later. */
const NEWER_LABELS: Readonly<Record<string, readonly string[]>> = { node_disk_info: ["rotational"], node_network_info: ["adminstate"] };
/** Debian's defaults differ from upstream's, which are ours. */
const FLAGS = [
  "--collector.processes",
  "--collector.filesystem.mount-points-exclude=^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)",
  "--collector.diskstats.device-exclude=^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\\d+n\\d+p)\\d+$",
  "--collector.netdev.device-exclude=^$",
  "--collector.netclass.ignore-invalid-speed",
];
/** What says how long and how well a collector works, not what the machine does. */
const OF_THE_TOOL = /^node_(scrape_collector|exporter|textfile)_/;

type Values = ReadonlyMap<string, number>;

/** Series by their labels. An empty label is none, in Prometheus' model. */
function seriesOf(family: FamilySnapshot, without: readonly string[] = []): Values {
  return new Map(
    Array.from({ length: family.length }, (_, row) => {
      const labels = Object.entries(family.labels(row)).filter(([name, value]) => value !== "" && !without.includes(name));
      return [JSON.stringify(labels.sort(([a], [b]) => (a < b ? -1 : 1))), family.value(row)] as const;
    }),
  );
}

interface Reader extends AsyncDisposable {
  read(): Promise<Snapshot>;
}

async function ours(settings: Parameters<typeof host>[0] = {}): Promise<Reader> {
  const registry = new Registry();
  registry.register(host(settings));
  return { read: async () => (await registry.collect()).snapshot, [Symbol.asyncDispose]: () => registry.close() };
}

const names = (snapshot: Snapshot): string[] =>
  snapshot.families.map(({ name }) => name).filter((name) => /^node_/.test(name) && !OF_THE_TOOL.test(name));

function common(theirs: Snapshot, own: Snapshot): [name: string, theirs: FamilySnapshot, own: FamilySnapshot][] {
  return names(theirs).flatMap((name) => {
    const family = own.get(name);
    return family === undefined ? [] : [[name, theirs.get(name)!, family]];
  });
}

function compareShapes(theirs: Snapshot, own: Snapshot): void {
  for (const [name, one, other] of common(theirs, own)) {
    assert.equal(other.type === "info" ? "gauge" : other.type, one.type, `type of ${name}`);
    const labels = (family: FamilySnapshot, without?: readonly string[]): string[] => [...seriesOf(family, without).keys()].sort();
    assert.deepEqual(labels(other, NEWER_LABELS[name]), labels(one), `series of ${name}`);
  }
}

/** What the agent's users scrape. */
async function served(): Promise<Reader> {
  const agent = await Agent.start(["--collectors", "host"]);
  await agent.scrape(); // what is read in the background has answered by the second scrape
  return { read: () => agent.scrape(), [Symbol.asyncDispose]: () => agent[Symbol.asyncDispose]() };
}

for (const [who, reader] of [
  ["host()", ours],
  ["inferometer agent", served],
] as const) {
  describe(`${who}, judged by node_exporter on this machine`, options, () => judged(reader));
}

function judged(start: () => Promise<Reader>): void {
  let exporter: NodeExporter;
  let reader: Reader;
  let earlier: Snapshot;
  let own: Snapshot;
  let later: Snapshot;

  before(async () => {
    exporter = await NodeExporter.start(FLAGS);
    reader = await start(); // before the first reading: a process more is 100 MB that the machine has promised
    earlier = await exporter.scrape();
    own = await reader.read();
    later = await exporter.scrape();
  });
  after(async () => {
    await reader[Symbol.asyncDispose]();
    await exporter[Symbol.asyncDispose]();
  });

  it("has all names but those that are known to be lacking", () => {
    const lacking = names(earlier).filter((name) => own.get(name) === undefined && !LACKING.some(({ pattern }) => pattern.test(name)));
    assert.deepEqual(lacking, []);
    assert.ok(common(earlier, own).length > 150, `only ${common(earlier, own).length} names in common`);
  });

  it("has the same types and series", () => {
    // A state has a series only while some process is in it, and that is another one from reading to reading.
    const lasting = (snapshot: Snapshot) =>
      new Snapshot(
        snapshot.families.filter(({ name }) => name !== "node_processes_state"),
        snapshot.timestamp,
      );
    compareShapes(lasting(later), lasting(own));
  });

  it("has counters that lie between two readings of node_exporter's", () => {
    let compared = 0;
    for (const [name, one, other] of common(earlier, own)) {
      if (one.type !== "counter") continue;
      const [from, is, to] = [seriesOf(one), seriesOf(other), seriesOf(later.get(name)!)];
      for (const [labels, value] of is) {
        const [low, high] = [from.get(labels), to.get(labels)];
        if (low === undefined || high === undefined) continue; // appeared meanwhile
        assert.ok(low - 1e-9 <= value && value <= high + 1e-9, `${name}${labels}: ${value} is not in ${low} to ${high}`);
        compared++;
      }
    }
    assert.ok(compared > 50, `only ${compared} series`);
  });

  it("has gauges near node_exporter's", () => {
    for (const [name, one, other] of common(earlier, own)) {
      if (one.type === "counter") continue;
      const [from, is, to] = [seriesOf(one), seriesOf(other, NEWER_LABELS[name]), seriesOf(later.get(name)!)];
      for (const [labels, value] of is) {
        const [low, high] = [from.get(labels), to.get(labels)].sort((a = 0, b = 0) => a - b);
        if (low === undefined || high === undefined) continue;
        const slack = slackOf(name, Math.max(Math.abs(low), Math.abs(high)));
        assert.ok(low - slack <= value && value <= high + slack, `${name}${labels}: ${value} is not near ${low} to ${high}`);
      }
    }
  });
}

/** How far a gauge may wander while three readings are taken on a machine that is at work. */
function slackOf(name: string, size: number): number {
  if (/^node_(memory|filesystem|netstat|vmstat)_/.test(name)) return size * 0.05 + 64 * 1024 * 1024;
  if (/^node_(procs|processes|sockstat|filefd|load|nf_conntrack|udp_queues|disk_io_now)/.test(name)) return size * 0.5 + 100;
  if (/^node_time_seconds$/.test(name)) return 1;
  return 1e-9;
}

describe("host(), judged by node_exporter on a recorded machine", options, () => {
  const parts = (
    "arp conntrack cpu cpufreq diskstats entropy filefd filesystem hwmon loadavg meminfo netclass netdev netstat os pressure processes schedstat sockstat " +
    "softnet stat thermal_zone udp_queues vmstat"
  ).split(" ");

  it("has the same types, series and values", async () => {
    using tree = await fixture("host/linux-6.8");
    await using exporter = await NodeExporter.start([
      ...FLAGS.filter((flag) => !flag.includes("collector.processes")),
      "--collector.disable-defaults",
      ...parts.map((name) => `--collector.${name}`),
      "--no-collector.netdev.netlink",
      `--path.procfs=${tree.procPath}`,
      `--path.sysfs=${tree.sysPath}`,
      `--path.rootfs=${tree.path}`,
      `--path.udev.data=${tree.path}/run/udev/data`,
    ]);
    const theirs = await exporter.scrape();
    await using reader = await ours({ procPath: tree.procPath, sysPath: tree.sysPath, rootfs: tree.path, include: parts });
    const own = await reader.read();
    const successful = seriesOf(theirs.get("node_scrape_collector_success")!);
    assert.deepEqual(
      [...successful].filter(([, value]) => value !== 1).map(([labels]) => labels),
      [],
      "node_exporter itself could not read the tree",
    );
    assert.deepEqual(
      names(theirs).filter((name) => own.get(name) === undefined && !LACKING.some(({ pattern }) => pattern.test(name))),
      [],
    );
    compareShapes(theirs, own);
    let compared = 0;
    for (const [name, one, other] of common(theirs, own)) {
      if (/^node_filesystem_(size|free|avail|files)/.test(name) || /^node_os_/.test(name)) continue; // of this machine's disk
      const [expected, is] = [seriesOf(one), seriesOf(other, NEWER_LABELS[name])];
      for (const [labels, value] of is) {
        const wanted = expected.get(labels)!;
        assert.ok(Math.abs(value - wanted) <= Math.abs(wanted) * 1e-12, `${name}${labels}: ${value}, node_exporter says ${wanted}`);
        compared++;
      }
    }
    assert.ok(compared > 200, `only ${compared} series`);
  });
});

interface Tree extends Disposable {
  readonly path: string;
  readonly procPath: string;
  readonly sysPath: string;
}

/** The folder trees of the package's own tests, which it does not publish. */
async function fixture(name: string): Promise<Tree> {
  const kit = new URL("../../packages/metrics/dist/collectors/fixture-tree.test-kit.js", import.meta.url);
  const { FixtureTree } = (await import(kit.href)) as { FixtureTree: new (name: string) => Tree };
  return new FixtureTree(name);
}
